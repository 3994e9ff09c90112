"""The Active Inference API: one folder for each resource, endpoints → service → repository, with its schemas."""
