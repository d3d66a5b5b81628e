"""The kitchens of the demo: the fleet's displays, for the HTTP server to show."""

from __future__ import annotations

from dataclasses import dataclass

from api.demo.fleet import FleetError, FleetProcess
from api.http.kitchens import Display, NoKitchenError
from simulator.kitchen import Deed
from simulator.kitchen import Display as FleetDisplay


@dataclass(slots=True)
class FleetKitchens:
    """The kitchens of a fleet's process; ``fleet`` is given when it has been started."""

    fleet: FleetProcess | None = None

    def look_at(self, appliance_id: str) -> Display | None:
        """The display of an appliance now."""
        try:
            return _shown(self._fleet().look_at(appliance_id))
        except FleetError as error:
            raise NoKitchenError(str(error)) from error

    def touch(self, appliance_id: str, deed: str, *, is_on: bool) -> Display | None:
        """Do something at an appliance; the display afterwards."""
        try:
            return _shown(self._fleet().touch(appliance_id, Deed(deed), is_on=is_on))
        except FleetError as error:
            raise NoKitchenError(str(error)) from error

    def _fleet(self) -> FleetProcess:
        if self.fleet is None:
            raise NoKitchenError("The fleet is still starting; try again in a moment.")
        return self.fleet


def _shown(display: FleetDisplay | None) -> Display | None:
    if display is None:
        return None
    return Display(
        appliance_id=display.appliance_id,
        kind=display.kind,
        model=display.model,
        doing=display.doing.value,
        mode=display.mode,
        code=display.code,
        expires_at=display.expires_at,
        scope=display.scope,
        test=display.test,
        door_open=display.is_door_open,
        door_locked=display.is_door_locked,
        presence_confirmed=display.is_presence_confirmed,
        service_mode=display.is_service_mode_on,
        gentle=display.gentle,
    )
