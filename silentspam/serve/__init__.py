"""`silentspam serve`: one resident screener for many switches, over FastAGI and FreeSWITCH's event socket.

    supervisor   starts and restarts the others, listens for signals, serves metrics; no numpy, no database
    workers      screen calls: a front that reads greetings, a greenlet a call; they know no database either
    clerk        takes rows from the spool into the database, learns lines, keeps gate and snapshot fresh

Workers and clerk meet in files alone: rows go through the spool, what calls are judged with comes back as
snapshots. So a database that hangs touches no call, and a worker that dies takes no row with it.
"""
