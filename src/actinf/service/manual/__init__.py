"""What the service says of itself: its operations at `/docs`, the kinds of problems at `/problems`."""
