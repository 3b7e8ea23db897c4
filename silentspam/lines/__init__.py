"""Telling one line from another: dead-air calls of one attack share a source, a codec chain and a network.

Speaker verification's method turned on the line: linear discriminant analysis over campaigns, then a
two-covariance model in which all is one diagonal Gaussian ratio (Ioffe 2006; Prince and Elder 2007). numpy
alone: it is on the call path.
"""
