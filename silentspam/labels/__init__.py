"""From calls to labels: what outcomes tell, what a person has to look at, files in and out, and how the
labels were selected."""
