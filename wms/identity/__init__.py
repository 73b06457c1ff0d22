"""Tier 1: sellers, shops, users, memberships, roles, badges, API keys, login sessions."""
