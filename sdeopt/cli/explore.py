"""``sdeopt explore``: a page in the browser on which methods are tried out."""

from __future__ import annotations

import click

__all__ = ["explore"]


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port of this machine.  [default: any free one]")
@click.option("--no-browser", is_flag=True, help="Only say the address.")
def explore(port: int, no_browser: bool) -> None:
    """Try methods out on a page in the browser: sliders, both columns, the law, and how far off the SDE is.

    The page is served to this machine only. Ctrl-C ends it.
    """
    import webbrowser

    from sdeopt.explore.server import Server

    with Server(port) as server:
        click.echo(f"sdeopt explore: {server.address}  (this machine only; Ctrl-C ends it)")
        if not no_browser:
            webbrowser.open(server.address)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            click.echo("ended", err=True)
