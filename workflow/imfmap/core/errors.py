"""The errors that users see."""


class InputError(ValueError):
    """Bad input, said in one line: which file or keyword, what was found, what to do."""

    def __init__(self, where, found, remedy=""):
        """Join the three parts of the message.

        Parameters
        ----------
        where : str or Path
            File, config key or product that is at fault.
        found : str
            What was found there.
        remedy : str, optional
            What the user can do about it.
        """
        self.found = found
        message = f"{where}: {found}"
        if remedy:
            message += f"; {remedy}"
        super().__init__(" ".join(message.split()))


class SetupError(InputError):
    """At fault is no image but the machine or the set-up: no other image would fare better.

    A run that may leave images out (``processing.allow_missing``) stops on it all the same.
    """
