/* In place of the opencl plug-in's program: a text that no compiler takes. */
extern const char xdi_opencl_program[];
const char xdi_opencl_program[] = "__kernel void product(";
