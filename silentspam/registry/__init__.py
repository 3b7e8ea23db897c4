"""The models of one installation: which judges calls, which is tried beside it, which have been.

    REGISTRY/<model id>/      a model folder, never changed once it is there
    REGISTRY/active           symbolic link to the model that judges; without it the shipped model does
    REGISTRY/shadow           symbolic link to the model on trial; without it there is none
    REGISTRY/history.jsonl    every change, oldest first; the call database holds a copy

A call reads the links and the folder they name, nothing else. Whoever changes something holds the lock of
`REGISTRY/.lock`, has everything on the disk that needs space, and only then renames it into place.
"""
