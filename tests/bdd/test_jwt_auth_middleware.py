"""Runs the scenarios of specs/003-jwt-auth-middleware."""

from pytest_bdd import scenarios

scenarios("003-jwt-auth-middleware.feature")
