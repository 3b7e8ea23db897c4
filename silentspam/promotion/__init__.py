"""What a model would have done with recent calls: to compare two, and to refuse one that challenges people.

The recordings are judged again, newest calls first; who was certainly or presumably a person is told from the
call log. Nothing here is on the call path.
"""
