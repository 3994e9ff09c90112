"""Work that is done beside requests: durable jobs, the processes that do them, and what has to be done regularly."""
