"""Abbreviated keys of Home Assistant's discovery → their long names, as far as they say something to us."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_LONG: Mapping[str, str] = {
    "act_t": "action_topic", "act_tpl": "action_template", "avty": "availability", "avty_mode": "availability_mode",
    "avty_t": "availability_topic", "avty_tpl": "availability_template", "bri_scl": "brightness_scale",
    "bri_stat_t": "brightness_state_topic", "bri_val_tpl": "brightness_value_template", "cmps": "components",
    "curr_hum_t": "current_humidity_topic", "curr_hum_tpl": "current_humidity_template",
    "curr_temp_t": "current_temperature_topic", "curr_temp_tpl": "current_temperature_template",
    "def_ent_id": "default_entity_id", "dev": "device", "dev_cla": "device_class", "hum_stat_t": "target_humidity_state_topic",
    "hum_stat_tpl": "target_humidity_state_template", "hum_state_tpl": "target_humidity_state_template",
    "mode_stat_t": "mode_state_topic", "mode_stat_tpl": "mode_state_template", "o": "origin", "obj_id": "object_id",
    "ops": "options", "p": "platform", "pct_stat_t": "percentage_state_topic",
    "pct_val_tpl": "percentage_value_template", "pl_avail": "payload_available",
    "pl_not_avail": "payload_not_available", "pl_off": "payload_off", "pl_on": "payload_on", "pos_t": "position_topic",
    "pos_tpl": "position_template", "pow_stat_t": "power_state_topic", "pow_stat_tpl": "power_state_template",
    "stat_cla": "state_class", "stat_clsd": "state_closed", "stat_closing": "state_closing", "stat_locked": "state_locked",
    "stat_off": "state_off", "stat_on": "state_on", "stat_open": "state_open", "stat_opening": "state_opening",
    "stat_t": "state_topic", "stat_tpl": "state_template", "stat_unlocked": "state_unlocked", "stat_val_tpl": "state_value_template",
    "t": "topic", "temp_hi_stat_t": "temperature_high_state_topic", "temp_hi_stat_tpl": "temperature_high_state_template",
    "temp_lo_stat_t": "temperature_low_state_topic", "temp_lo_stat_tpl": "temperature_low_state_template",
    "temp_stat_t": "temperature_state_topic", "temp_stat_tpl": "temperature_state_template",
    "temp_unit": "temperature_unit", "uniq_id": "unique_id", "unit_of_meas": "unit_of_measurement",
    "val_tpl": "value_template",
}  # fmt: skip
_LONG_DEVICE: Mapping[str, str] = {"cns": "connections", "ids": "identifiers", "mdl": "model", "sw": "sw_version"}


def lengthened(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of a description, or a part of one, by their long names."""
    return {_LONG.get(key, key): value for key, value in raw.items()}


def lengthened_device(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of a device by their long names."""
    return {_LONG_DEVICE.get(key, key): value for key, value in raw.items()}
