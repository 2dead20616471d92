// The library, compiled to WebAssembly, as objects of JavaScript: see ../page.c.
import createXdomain from "./xdomain.js";

export class Library {
  static async open() {
    const library = new Library();
    library.c = await createXdomain();
    library.check(library.c._page_open());
    return library;
  }

  text(pointer) {
    return this.c.UTF8ToString(pointer);
  }

  check(status) {
    if (status !== 0) throw new Error(this.text(this.c._page_message(status)));
  }

  // Calls `use` with the address of `size` bytes, which hold `bytes` if there are any.
  withMemory(size, bytes, use) {
    const at = this.c._malloc(size || 1);
    if (!at) throw new Error("the browser gives no more memory");
    try {
      if (bytes) this.c.HEAPU8.set(bytes, at);
      return use(at);
    } finally {
      this.c._free(at);
    }
  }

  get version() {
    return this.text(this.c._page_version());
  }

  // Takes the bytes of a model file; tells which directions it has, what the domains are called, and its pairs of classes.
  load(bytes) {
    this.withMemory(bytes.length, bytes, (at) => this.check(this.c._page_load(at, bytes.length)));
    const name = (domain) => this.text(this.c._page_name(domain));
    const pairing = this.text(this.c._page_pairing());
    return {
      directions: [1, 2].filter((direction) => this.c._page_can(direction)),
      names: [name(1), name(2)],
      pairs: pairing ? pairing.split(",").map((pair) => pair.split(":").map((label, i) =>
        (label !== "*" && this.text(this.c._page_class_name(i + 1, Number(label)))) || label)) : [],
    };
  }

  // From now on pictures are translated that way; tells their sizes.
  turn(direction) {
    this.check(this.c._page_turn(direction));
    this.in = { width: this.c._page_in_width(), height: this.c._page_in_height(), channels: this.c._page_in_channels() };
    this.out = { width: this.c._page_out_width(), height: this.c._page_out_height() };
  }

  // Encodes an ImageData as picture 0 or 1.
  encode(which, image, asDigit) {
    this.withMemory(image.data.length, image.data, (at) =>
      this.check(this.c._page_encode(which, at, image.width, image.height, asDigit ? 1 : 0)));
  }

  picture({ width, height }, fill) {
    const size = width * height * 4;
    return this.withMemory(size, null, (at) => {
      this.check(fill(at));
      return new ImageData(new Uint8ClampedArray(this.c.HEAPU8.subarray(at, at + size)), width, height);
    });
  }

  // What the encoder got as picture 0 or 1.
  see(which) {
    return this.picture(this.in, (at) => this.c._page_see(which, at));
  }

  // The translation of picture 0 at position 0, of picture 1 at position 1, and what lies between them.
  translate({ seed, temperature, position }) {
    return this.picture(this.out, (at) => this.c._page_translate(at, seed, temperature, position));
  }
}
