"""Reports for people: pages of HTML and the pictures in them, from figures that were counted elsewhere."""
