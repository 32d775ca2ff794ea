"""Promotion: when a challenger takes the champion's place, and the record of why."""
