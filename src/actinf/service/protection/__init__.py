"""What keeps the service up under load and failure: rate limits, admission, circuit breakers."""
