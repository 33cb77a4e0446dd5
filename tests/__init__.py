"""Tests; they mirror the package one to one."""
