"""What is decided of a call before any audio: emergencies, lists, the kill switch, numbers called.

The rules are pure, over one small file that every call reads; the call database keeps what the file is made
from. A gate that cannot be asked changes nothing: the call is screened as the configuration says.
"""
