"""FreeSWITCH: the same screening over its event socket."""
