"""An archive of recordings, judged by many workers: processes here, or a Dask cluster.

Never imported on the call path. What is where:

    listing, lists      which recordings there are: folders, and CSV or Parquet lists of them
    plan                what is asked of every recording, and how it is split into chunks
    worker, judging     what a worker does with a chunk
    processes, cluster  the two kinds of crew, and `dispatch`, which loses no chunk of a worker that dies
    parquet, results    what is written, and what of it still holds at the next scan
    scan                all of it, in order
"""

from silentspam.errors import SilentSpamError


class ScanError(SilentSpamError):
    """A scan cannot begin or go on; what it has finished is kept, and the same command goes on from there."""
