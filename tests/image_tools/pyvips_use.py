"""The operation as Python has it: pyvips_use.py MODEL PICTURE EXPECTED, what the tool makes of it with seed 1."""

import sys
from concurrent.futures import ThreadPoolExecutor

import numpy
import pyvips

model, path, expected_path = sys.argv[1:]
picture = pyvips.Image.new_from_file(path)
expected = pyvips.Image.new_from_file(expected_path).numpy()

result = picture.xdomain_translate(model=model, seed=1)
assert (result.numpy() == expected).all()
assert (result.width, result.height, result.bands, result.format) == (28, 28, 1, "uchar")

# Alpha is kept, 16 bits and floats stay what they are.
with_alpha = picture.bandjoin(77)
assert (with_alpha.xdomain_translate(model=model, seed=1).numpy()[..., 1] == 77).all()
deep = picture.colourspace("grey16").xdomain_translate(model=model, seed=1)
assert deep.format == "ushort" and (numpy.rint(deep.numpy() / 257) == expected).all()
floats = picture.cast("float").xdomain_translate(model=model, seed=1)
assert floats.format == "float" and (numpy.rint(floats.numpy()) == expected).all()

# Arrays, streams and other sizes.
array = pyvips.Image.new_from_array(picture.numpy())
assert (array.xdomain_translate(model=model, seed=1).numpy() == expected).all()
stream = pyvips.Image.new_from_file(path, access="sequential").resize(3)
assert stream.xdomain_translate(model=model, fit="crop", direction="2to1", temperature=0).width == 28

# Many threads, one model.
with ThreadPoolExecutor(8) as threads:
    results = threads.map(lambda seed: picture.xdomain_translate(model=model, seed=seed % 4).numpy(), range(200))
results = list(results)
assert all((one == results[number % 4]).all() for number, one in enumerate(results))
assert (results[1] == expected).all() and (results[2] != expected).any()

for options, word in (({}, "no model"), ({"model": "/no/such.xdm"}, "/no/such.xdm"), ({"model": path}, "three.png")):
    try:
        picture.xdomain_translate(**options)
    except pyvips.Error as error:
        assert word in str(error), error
    else:
        raise AssertionError(f"{options} is taken")
print("pyvips gives the tool's pixels")
