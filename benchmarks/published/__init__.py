"""Published Django packages with REST APIs of their own, made live and compared with REST."""
