"""Deployments on Kubernetes: a candidate is tried, the stable track rolls, records are kept."""
