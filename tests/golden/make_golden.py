#!/usr/bin/env python3
"""Computes the golden values of tests/unit/test_golden_kernels.c with PyTorch, in double precision.

    python3 make_golden.py > kernels.h

Run once; kernels.h is kept. The layouts are those of xdomain/sys/backend.h: pictures
[batch][height][width][channels], convolution weights [kernel_height][kernel_width][in][out]."""

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
generator = torch.Generator().manual_seed(1805)


def normal(*shape):
    """Numbers that a float holds exactly, so that the kernels see the very same inputs."""
    return torch.randn(*shape, generator=generator).float().double()


def uniform(*shape):
    return torch.rand(*shape, generator=generator).float().double()


def emit(name, tensor):
    values = tensor.detach().reshape(-1).tolist()
    print(f"static const float golden_{name}[{len(values)}] = {{")
    line = "   "
    for value in values:
        text = f" {value:.9g}"
        text += "f," if "." in text or "e" in text else ".0f,"
        if len(line) + len(text) > 108:
            print(line)
            line = "   "
        line += text
    print(line)
    print("};")


def emit_number(name, tensor):
    print(f"static const double golden_{name} = {float(tensor.detach()):.17g};")


def leaf(tensor):
    return tensor.clone().requires_grad_(True)


def dense():
    print("\n/* dense: 3 x 5 inputs, 4 outputs, tanh; gradients of sum(c * y) */")
    x, weights, bias, c = leaf(normal(3, 5)), leaf(normal(5, 4)), leaf(normal(4)), normal(3, 4)
    a = x @ weights + bias
    a.retain_grad()
    y = torch.tanh(a)
    (y * c).sum().backward()
    for name, tensor in dict(x=x, weights=weights, bias=bias, y=y, dy=a.grad, dx=x.grad,
                             dweights=weights.grad, dbias=bias.grad).items():
        emit(f"dense_{name}", tensor)


def nhwc(tensor):
    return tensor.permute(0, 2, 3, 1)


def nchw(tensor):
    return tensor.permute(0, 3, 1, 2)


def convolution(name, function, order, x_shape, w_shape, c_shape, stride, pad, note, **extra):
    """order: from [kernel_height][kernel_width][in][out] to PyTorch's weights. x is the output of a
    leaky rectifier, so that the slope fused into dx is checked as well."""
    print(f"\n/* {name}: {note}; x = leaky_relu(x0), sigmoid; gradients of sum(c * y), dx that of x0 */")
    x0, weights, bias, c = leaf(normal(*x_shape)), leaf(normal(*w_shape)), leaf(normal(w_shape[-1])), normal(*c_shape)
    x = F.leaky_relu(x0, 0.2)
    a = nhwc(function(nchw(x), weights.permute(*order), bias, stride=stride, padding=pad, **extra))
    a.retain_grad()
    y = torch.sigmoid(a)
    (y * c).sum().backward()
    for part, tensor in dict(x=x, weights=weights, bias=bias, y=y, dy=a.grad, dx=x0.grad,
                             dweights=weights.grad, dbias=bias.grad).items():
        emit(f"{name}_{part}", tensor)


def vae_loss(likelihood, pixel_weight, bernoulli_weight, kl_weight):
    """One linear decoder: x_hat = sigmoid(z W + b). The loss is a mean over the pictures."""
    rows, latent, size = 3, 4, 6
    posterior, weights, bias = leaf(normal(rows, 2 * latent)), leaf(normal(latent, size)), leaf(normal(size))
    epsilon, x = normal(rows, latent), uniform(rows, size)
    mean, log_variance = posterior[:, :latent], posterior[:, latent:]
    z = mean + torch.exp(0.5 * log_variance) * epsilon
    a = z @ weights + bias
    x_hat = torch.sigmoid(a)
    squared_error = (x - x_hat).pow(2).sum()
    bernoulli = F.binary_cross_entropy_with_logits(a, x, reduction="sum")
    kl = 0.5 * (log_variance.exp() + mean.pow(2) - 1 - log_variance).sum()
    loss = (pixel_weight * squared_error + bernoulli_weight * bernoulli + kl_weight * kl) / rows
    loss.backward()
    print(f"\n/* VAE loss, {likelihood}: weights {pixel_weight}, {bernoulli_weight}, KL {kl_weight};"
          f" {rows} pictures of {size}, latent {latent} */")
    for name, tensor in dict(posterior=posterior, weights=weights, bias=bias, epsilon=epsilon, x=x, z=z,
                             x_hat=x_hat, dposterior=posterior.grad, dweights=weights.grad,
                             dbias=bias.grad).items():
        emit(f"{likelihood}_{name}", tensor)
    emit_number(f"{likelihood}_squared_error", squared_error)
    emit_number(f"{likelihood}_bernoulli", bernoulli)
    emit_number(f"{likelihood}_kl", kl)
    emit_number(f"{likelihood}_loss", loss)


def pair_losses():
    print("\n/* discriminator: mean softplus of 4 heads of 5 logits; the first is real */")
    logits = leaf(normal(4, 5) * 3)
    loss = F.softplus(-logits[0]).mean() + F.softplus(logits[1:]).mean(dim=1).sum()
    loss.backward()
    emit("discriminator_logits", logits)
    emit("discriminator_dlogits", logits.grad)
    emit_number("discriminator_loss", loss)

    print("\n/* generator: mean softplus(-(g w)) + 0.1 mean (noise - g)^2, 5 codes of 6 */")
    g, noise, weights = leaf(normal(5, 6)), normal(5, 6), normal(6, 1)
    logits = g @ weights
    adversarial, penalty = F.softplus(-logits).mean(), (noise - g).pow(2).mean()
    (adversarial + 0.1 * penalty).backward()
    for name, tensor in dict(g=g, noise=noise, weights=weights, dg=g.grad).items():
        emit(f"generator_{name}", tensor)
    emit_number("generator_adversarial", adversarial)
    emit_number("generator_penalty", penalty)


def spectral_norm():
    rows, columns, iterations = 5, 7, 3
    print(f"\n/* spectral norm of {rows} x {columns}, {iterations} iterations; gradients of sum(c * W / sigma) */")
    weights, c = leaf(normal(rows, columns)), normal(rows, columns)
    u, v = F.normalize(normal(rows), dim=0), F.normalize(normal(columns), dim=0).float().double()
    emit("spectral_v0", v)
    with torch.no_grad():
        for _ in range(iterations):
            u = F.normalize(weights @ v, dim=0)
            v = F.normalize(weights.T @ u, dim=0)
    sigma = u @ weights @ v
    normalised = weights / sigma
    (normalised * c).sum().backward()
    for name, tensor in dict(weights=weights, c=c, u=u, v=v, normalised=normalised,
                             gradients=weights.grad).items():
        emit(f"spectral_{name}", tensor)
    emit_number("spectral_sigma", sigma)


def adam():
    steps, count = 5, 9
    print(f"\n/* Adam: {steps} steps, rate 0.01, betas 0.5 and 0.99, epsilon 1e-8, decay 0.1 */")
    parameters, gradients = leaf(normal(count)), normal(steps, count)
    emit("adam_start", parameters)
    emit("adam_gradients", gradients)
    optimiser = torch.optim.AdamW([parameters], lr=0.01, betas=(0.5, 0.99), eps=1e-8, weight_decay=0.1)
    for step in range(steps):
        parameters.grad = gradients[step].clone()
        optimiser.step()
    state = optimiser.state[parameters]
    emit("adam_parameters", parameters)
    emit("adam_moment1", state["exp_avg"])
    emit("adam_moment2", state["exp_avg_sq"])


def cross_entropy():
    rows, classes = 6, 10
    print(f"\n/* cross entropy of {rows} x {classes}, label smoothing 0.1 */")
    logits = leaf(normal(rows, classes) * 2)
    labels = torch.randint(classes, (rows,), generator=generator)
    labels[0], labels[1] = logits[0].argmax(), logits[1].argmax()
    loss = F.cross_entropy(logits, labels, label_smoothing=0.1)
    loss.backward()
    emit("cross_entropy_logits", logits)
    emit("cross_entropy_dlogits", logits.grad)
    print(f"static const uint32_t golden_cross_entropy_labels[{rows}] = {{{', '.join(map(str, labels.tolist()))}}};")
    print(f"static const uint32_t golden_cross_entropy_correct = {int((logits.argmax(1) == labels).sum())};")
    emit_number("cross_entropy_loss", loss)


def group_norm():
    print("\n/* group norm: 2 pictures of 3 x 2 x 6, 3 groups; x = leaky_relu(x0), sigmoid; gradients of sum(c * y) */")
    x0, scale, shift, c = leaf(normal(2, 3, 2, 6)), leaf(normal(6)), leaf(normal(6)), normal(2, 3, 2, 6)
    x = F.leaky_relu(x0, 0.2)
    a = nhwc(F.group_norm(nchw(x), 3, scale, shift, eps=1e-5))
    a.retain_grad()
    y = torch.sigmoid(a)
    (y * c).sum().backward()
    for part, tensor in dict(x=x, scale=scale, shift=shift, y=y, dy=a.grad, dx=x0.grad, dscale=scale.grad,
                             dshift=shift.grad).items():
        emit(f"group_norm_{part}", tensor)


def upsample():
    print("\n/* upsample: 2 pictures of 2 x 3 x 2 to 4 x 5 x 2; x = tanh(x0); gradients of sum(c * y) */")
    x0, c = leaf(normal(2, 2, 3, 2)), normal(2, 4, 5, 2)
    x = torch.tanh(x0)
    y = nhwc(F.interpolate(nchw(x), scale_factor=2, mode="nearest"))[:, :, :5]
    (y * c).sum().backward()
    for part, tensor in dict(x=x, y=y, dy=c, dx=x0.grad).items():
        emit(f"upsample_{part}", tensor)


def upsample_conv2d():
    print("\n/* upsample_conv2d: 2 pictures of 3 x 2 x 3 to 6 x 3 x 2; x = leaky_relu(x0), sigmoid; gradients of "
          "sum(c * y) */")
    x0, weights, bias, c = leaf(normal(2, 3, 2, 3)), leaf(normal(3, 3, 3, 2)), leaf(normal(2)), normal(2, 6, 3, 2)
    x = F.leaky_relu(x0, 0.2)
    up = F.interpolate(nchw(x), scale_factor=2, mode="nearest")
    a = nhwc(F.conv2d(up, weights.permute(3, 2, 0, 1), bias, padding=1))[:, :, :3]
    a.retain_grad()
    y = torch.sigmoid(a)
    (y * c).sum().backward()
    for part, tensor in dict(x=x, weights=weights, bias=bias, y=y, dy=a.grad, dx=x0.grad,
                             dweights=weights.grad, dbias=bias.grad).items():
        emit(f"upsample_conv2d_{part}", tensor)


def residual():
    print("\n/* residual: 20 cells, x = leaky_relu(x0), other = tanh(o0), sigmoid; gradients of sum(c * y) */")
    x0, o0, c = leaf(normal(20)), leaf(normal(20)), normal(20)
    x, other = F.leaky_relu(x0, 0.2), torch.tanh(o0)
    a = x + other
    a.retain_grad()
    y = torch.sigmoid(a)
    (y * c).sum().backward()
    for part, tensor in dict(x=x, other=other, y=y, dy=a.grad, dx=x0.grad, dother=o0.grad).items():
        emit(f"residual_{part}", tensor)


def main():
    print("/* Golden values of the kernels, computed in double precision by PyTorch "
          f"{torch.__version__.split('+')[0]}\n * with make_golden.py, which says how. Do not edit. */")
    print("#ifndef XD_TESTS_GOLDEN_KERNELS_H\n#define XD_TESTS_GOLDEN_KERNELS_H\n\n#include <stdint.h>")
    dense()
    # W[ky][kx][in][out]: PyTorch has [out][in][ky][kx], and [in][out][ky][kx] for the transposed one.
    convolution("conv2d", F.conv2d, (3, 2, 0, 1), (2, 6, 6, 2), (4, 4, 2, 3), (2, 3, 3, 3), 2, 1,
                "2 pictures of 6 x 6 x 2 to 3 x 3 x 3, kernel 4, stride 2, pad 1")
    convolution("conv2d_same", F.conv2d, (3, 2, 0, 1), (1, 5, 4, 3), (3, 3, 3, 2), (1, 5, 4, 2), 1, 1,
                "1 picture of 5 x 4 x 3 to 5 x 4 x 2, kernel 3, stride 1, pad 1")
    convolution("transpose", F.conv_transpose2d, (2, 3, 0, 1), (2, 3, 3, 3), (4, 4, 3, 2), (2, 6, 6, 2), 2, 1,
                "2 pictures of 3 x 3 x 3 to 6 x 6 x 2, kernel 4, stride 2, pad 1")
    convolution("transpose_odd", F.conv_transpose2d, (2, 3, 0, 1), (1, 3, 2, 2), (2, 3, 2, 3), (1, 9, 6, 3), 3, 0,
                "1 picture of 3 x 2 x 2 to 9 x 6 x 3, kernel 2 x 3, stride 3, pad 0, bottom row f(bias)",
                output_padding=(1, 0))
    vae_loss("gaussian", 50.0, 0.0, 1.0)
    vae_loss("bernoulli", 0.5, 1.0, 0.3)
    pair_losses()
    spectral_norm()
    adam()
    cross_entropy()
    group_norm()
    upsample()
    residual()
    upsample_conv2d()
    print("\n#endif")


if __name__ == "__main__":
    main()
