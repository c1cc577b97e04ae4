"""Filters live in the address, so that a view can be shared and comes back after a reload."""

from urllib.parse import urlencode

from nicegui import context, ui


class Address:
    """The parameters of the page's address; changing one rewrites the address in place."""

    def __init__(self) -> None:
        request = context.client.request
        self.path = request.scope.get("root_path", "") + request.scope["path"].removeprefix(
            request.scope.get("root_path", "")
        )
        self._parameters = dict(request.query_params)

    def get(self, name: str) -> str:
        """Return a parameter; empty where it is not given."""
        return self._parameters.get(name, "")

    def set(self, **parameters: str) -> None:
        """Change parameters (empty: leave out) and the browser's address with them."""
        self._parameters.update(parameters)
        self._parameters = {key: value for key, value in self._parameters.items() if value}
        ui.navigate.history.replace(self.url())

    def url(self, path: str = "") -> str:
        """Return this address, or that of another page with the same parameters."""
        query = urlencode(self._parameters)
        return f"{path or self.path}?{query}" if query else path or self.path

    def all(self) -> dict[str, str]:
        """Return every parameter."""
        return dict(self._parameters)
