"""Bytes ↔ values of MQTT, version 1, both directions and without I/O.

Appliance → service: :mod:`telemetry`, :mod:`event`, :mod:`status`, :mod:`result`, decoded by :mod:`message`, in bulk by
:mod:`columns`; foreign conventions in :mod:`foreign`. Service → appliance: :mod:`command`. What can't be accepted raises
:class:`ingest.wire.dead_letter.Refused` with exactly one reason.
"""
