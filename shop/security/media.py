"""The policy of answers in which nothing may run: pictures, and whatever else lies in the media folder."""

from csp.decorators import csp

from .policy import INERT

inert = csp(INERT)
