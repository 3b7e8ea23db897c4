"""Asterisk's side: the AGI protocol, the channel over it, and the names of the channel variables."""
