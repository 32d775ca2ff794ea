"""What is changed of ZenML in a process that runs pipelines, here and in pods."""

from __future__ import annotations


def adapt() -> None:
    """Change ZenML in this process; again it changes nothing."""
    from stacks.adapting.entrypoint import start_pods_adapted
    from stacks.adapting.installed import remember_installed
    from stacks.adapting.integrations import activate_when_needed
    from stacks.adapting.kept_outputs import keep_when_stopped
    from stacks.adapting.secrets import remember_secrets
    from stacks.adapting.trackers import track_when_asked
    from stacks.adapting.whole_files import write_whole

    write_whole()
    keep_when_stopped()
    remember_installed()
    activate_when_needed()
    remember_secrets()
    track_when_asked()
    start_pods_adapted()
