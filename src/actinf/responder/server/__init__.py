"""The responder as a server: takes webhooks, answers the API, and does by itself what is due."""
