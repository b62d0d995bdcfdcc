"""A small team's task board: an ordinary Django REST Framework project."""
