"""Input functions of the simulation."""


def simulated_image(wildcards):
    """Settings of one image of a simulated target."""
    images = TARGETS[wildcards.target]["simulate"]["images"]
    return next(image for image in images if image["product"] == wildcards.product)
