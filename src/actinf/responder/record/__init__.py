"""The record: timelines that show tampering, evidence, reports."""
