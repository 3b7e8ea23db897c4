"""Making a model: openings by simulation, labels to datasets, datasets to a model folder.

Never imported on the call path: scipy, scikit-learn and codec libraries are at home here.
"""
