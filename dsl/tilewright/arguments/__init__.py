"""Arguments of declarations, checked by pydantic."""
