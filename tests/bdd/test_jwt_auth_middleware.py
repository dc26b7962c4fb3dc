"""Binds the scenarios of specs/003-jwt-auth-middleware; the steps stand in the modules beside it."""

from pytest_bdd import scenarios

scenarios("003-jwt-auth-middleware.feature")
