"""Why a session, a test in it, or a gentle mode is over: words that are stored, and put into a language where they are read."""

from __future__ import annotations

from enum import StrEnum


class EndReason(StrEnum):
    """Why it is over."""

    BY_TECHNICIAN = "ended_by_technician"
    BY_CUSTOMER = "ended_by_customer"
    AT_APPLIANCE = "ended_at_appliance"
    STOPPED = "stopped_at_the_appliance"
    REFUSED = "refused_at_the_appliance"
    CONSENT_TAKEN_BACK = "consent_taken_back"
    NO_CONSENT = "no_consent_in_time"
    WRONG_CODES = "too_many_wrong_codes"
    DOOR_OPENED = "door_opened"
    OFFLINE = "appliance_offline"
    RESTARTED = "appliance_restarted"
    RETIRED = "appliance_retired"
    IDLE = "idle"
    TIME_OVER = "longest_time_reached"
    CLOCK_SET_BACK = "clock_set_back"
    SESSION_OVER = "session_over"
    TICKET_REPAIRED = "ticket_repaired"
    TICKET_CLOSED = "ticket_closed"
    TICKET_CANCELLED = "ticket_cancelled"
    VISITED = "visited"
    NOT_RENEWED = "not_renewed"
    NOT_WANTED = "no_longer_wanted"
    NOT_IN_PROFILE = "not_in_profile"
    SAID_NO = "appliance_said_no"
    NOT_DONE = "command_not_done"
