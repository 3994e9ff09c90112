"""Simulations: experiments that workers compute, chunk by chunk, and whose traces are kept."""
