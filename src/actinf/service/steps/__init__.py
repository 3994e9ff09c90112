"""Steps: an observation in, an action and the beliefs behind it out; durable when the reply is sent."""
