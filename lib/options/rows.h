/* Every option, once: from its row come its field in the settings, its default, its bounds and their
 * messages, its line in help texts, and its place in presets and in what a model tells of itself. A new
 * option is a row here and its use.
 *
 *   ROW(kind, name, least, most, default, unit, what it does)
 *
 * kind: COUNT (uint32_t), SEED (uint64_t), REAL (float), SWITCH or CHOICE (uint32_t; the unit lists the
 * names). The order within a group is that of listings. */
#ifndef XDI_OPTIONS_ROWS_H
#define XDI_OPTIONS_ROWS_H

/* clang-format off */
#define XDI_VAE_ROWS(ROW) \
  ROW(COUNT, width, 0, 256, 0, "pixels", "width of the pictures, 8 or more; 0: as the training set has") \
  ROW(COUNT, height, 0, 256, 0, "pixels", "height of the pictures, 8 or more; 0: as the training set has") \
  ROW(COUNT, channels, 0, 3, 0, "", "1 for grey pictures, 3 for colour; 0: as the training set has") \
  ROW(COUNT, latent_dim, 0, 1024, 0, "", \
      "dimensions of a code; 0: by the pictures' size, 1.5 sqrt(width * height), a third more for colour, 32 to 128") \
  ROW(COUNT, base_channels, 0, 1024, 32, "", \
      "channels of the first convolution, doubled by each further one; 0: dense layers alone") \
  ROW(COUNT, max_channels, 1, 1024, 128, "", "where the doubling of channels stops") \
  ROW(COUNT, depth, 0, 8, 0, "", "convolutions that halve; 0: until both sides are at most 8, at least one") \
  ROW(COUNT, hidden_count, 0, 4, 1, "", "dense layers between the pictures or convolutions and the codes") \
  ROW(COUNT, hidden1, 1, 8192, 512, "", "width of the dense layer nearest the pictures") \
  ROW(COUNT, hidden2, 1, 8192, 256, "", "width of the second dense layer") \
  ROW(COUNT, hidden3, 1, 8192, 256, "", "width of the third dense layer") \
  ROW(COUNT, hidden4, 1, 8192, 256, "", "width of the fourth dense layer") \
  ROW(SWITCH, linear_skip, 0, 1, 0, "", \
      "a linear map beside the layers of encoder and decoder, which starts as principal components") \
  ROW(COUNT, window, 0, 10000, 0, "thousandths of the larger side", \
      "deviation, from 50, of the window under which pictures are normalised; 0: none, or as light_share decides") \
  ROW(REAL, initial_gain, 0, 10, 0, "", \
      "weights start with deviation gain / sqrt(inputs of a unit); 0: He's and Glorot's deviations") \
  ROW(SWITCH, smooth_start, 0, 1, 1, "", \
      "convolutions that double start alike for all pixels, and reconstructions at the set's mean colour") \
  ROW(CHOICE, likelihood, 0, 1, 0, "gaussian|bernoulli", "log p(x|z) of a picture and its reconstruction") \
  ROW(REAL, lambda1, 0, 1e6, 0, "", "weight of the squared error of reconstruction") \
  ROW(REAL, lambda2, 0, 1e6, 1, "", "weight of the ELBO") \
  ROW(REAL, sigma_x, 0, 1e3, 0, "", \
      "deviation of the Gaussian likelihood; 0: as large as the errors are, from 0.02 to 0.1") \
  ROW(REAL, kl_weight, 0, 1e6, 1, "", "weight of the KL divergence within the ELBO") \
  ROW(REAL, learning_rate, 0, 10, 0.001, "", "Adam's rate at the first step; it falls along a cosine") \
  ROW(REAL, final_rate, 0, 1, 0.02, "", "share of the learning rate at the last step") \
  ROW(REAL, weight_decay, 0, 10, 0, "", "decoupled decay of the weights") \
  ROW(REAL, averaging, 0, 0.999999, 0.998, "", "decay of the kept weights' average; 0: the last ones themselves") \
  ROW(COUNT, batch, 1, 65536, 64, "pictures", "pictures of a step") \
  ROW(COUNT, parts, 1, 65536, 1, "", \
      "parts of a batch that are computed one after another, for less memory; a divisor of the batch") \
  ROW(COUNT, epochs, 0, 1e6, 9, "epochs", "passes over the training set; 0 only with min_steps") \
  ROW(COUNT, min_steps, 0, 33554431, 4000, "steps", \
      "small sets go on until so many steps, half as many more of pictures of over 2,304 values") \
  ROW(REAL, augment_share, 0, 1, 0.5, "", "share of the training pictures that augment changes") \
  ROW(REAL, augment, 0, 4, 0.3, "", \
      "random turns, scales, shears and shifts of training pictures; 1: 15 degrees, 15%, 2 pixels of 28") \
  ROW(REAL, augment_colour, 0, 4, 0, "", \
      "random light that codes are not to tell; 1: gamma 0.5..2, contrast 0.6..1.6, brightness 0.2, gains 0.2") \
  ROW(REAL, augment_blur, 0, 4, 0, "pixels of 28", "random blur that codes are not to tell, up to so much") \
  ROW(REAL, sharpen_share, 0, 1, 0.3, "", \
      "share of the steps, the last ones, in which a critic of patches sharpens the decoder; the encoder rests") \
  ROW(REAL, sharpen, 0, 100, 0.5, "", \
      "size of the critic's gradient, as a share of the reconstruction's; 0: no critic") \
  ROW(SWITCH, window_weight, 0, 1, 1, "", "errors of reconstruction are weighted by the window, if there is one") \
  ROW(SWITCH, raw_codes, 0, 1, 0, "", "codes are not standardised when training ends") \
  ROW(SEED, seed, 0, 9007199254740992, 1, "", "of all random numbers")

#define XDI_MAPPING_ROWS(ROW) \
  ROW(COUNT, source_dim, 0, 1024, 0, "", "dimensions of the codes that are left; 0: as the model has") \
  ROW(COUNT, target_dim, 0, 1024, 0, "", "dimensions of the codes that are entered; 0: as the model has") \
  ROW(COUNT, hidden_width, 1, 8192, 256, "", "width of the hidden layers of generator and discriminator") \
  ROW(COUNT, hidden_layers, 1, 8, 3, "", "hidden layers of generator and discriminator") \
  ROW(REAL, dropout, 0, 0.999999, 0, "", "share of the generator's hidden values that a step drops") \
  ROW(SWITCH, linear_skip, 0, 1, 0, "", \
      "the generator ends in a linear map of noise and code besides, which starts as the noise") \
  ROW(SWITCH, same_code_positive, 0, 1, 0, "", "the real pair is one code twice, as the paper prints it") \
  ROW(REAL, mismatch, 0, 1000, 2, "", "weight of real codes of a wrong class; 0: none, the paper") \
  ROW(REAL, generated_mismatch, 0, 1000, 4, "", "weight of generated codes against a wrong class's anchor") \
  ROW(REAL, lambda_reg, 0, 1e6, 0.3, "", "weight of the tie of generated codes to their noise") \
  ROW(REAL, final_lambda, 0, 1, 0, "", "share of that weight at the end; it falls in the second half of the steps") \
  ROW(SWITCH, spectral_norm, 0, 1, 0, "", "spectral normalisation of all the discriminator's layers") \
  ROW(REAL, ema_decay, 0, 0.999999, 0.999, "", "decay of the kept generator's average; 0: the last one itself") \
  ROW(REAL, learning_rate, 0, 10, 0.001, "", "Adam's rate, constant for the first half of the steps") \
  ROW(REAL, final_rate, 0, 1, 0.02, "", "share of the learning rate at the last step") \
  ROW(REAL, beta1, 0, 0.999999, 0.5, "", "Adam's decay of the gradients' mean") \
  ROW(REAL, beta2, 0, 0.999999, 0.99, "", "Adam's decay of the gradients' square") \
  ROW(COUNT, batch, 1, 65536, 128, "codes", "codes of a step") \
  ROW(COUNT, parts, 1, 65536, 1, "", "parts of a batch that are computed one after another; a divisor of the batch") \
  ROW(COUNT, steps, 0, 33554431, 0, "steps", \
      "steps of the training; 0: steps_per_pair for each group of paired classes, as if there were at least 10" \
      " and at most 20") \
  ROW(COUNT, steps_per_pair, 1, 1677721, 800, "steps", "where steps is 0") \
  ROW(REAL, mixing, 0, 1, 1, "", "share of source codes that are convex mixtures of two of one class") \
  ROW(COUNT, codes_per_picture, 0, 1024, 0, "codes", \
      "posterior samples kept of each picture, alike in both directions; 0: drawn anew each time, but 8 of changed" \
      " copies, fewer of more than 16,000 pictures, and none of more than 64,000") \
  ROW(REAL, augment, 0, 4, 0.5, "", "as of a VAE, of copies of the pictures whose codes are the sources") \
  ROW(REAL, augment_elastic, 0, 4, 0.7, "", "random smooth bends of those copies; 1: up to 2 pixels of 28 a wave") \
  ROW(REAL, augment_colour, 0, 4, 0, "", "as of a VAE, of those copies") \
  ROW(REAL, augment_blur, 0, 4, 0, "pixels of 28", "as of a VAE, of those copies") \
  ROW(REAL, noise_scale, 0, 4, 1, "", \
      "deviation of the noise that the finished generator draws; below 1: less variety, more accuracy") \
  ROW(REAL, invariance, 0, 1000, 1, "", \
      "weight of what another source code of the class changes: high for results that owe their variety to the noise") \
  ROW(REAL, invariance_target, 0, 4, 0.42, "", \
      "mean square that another source code may change: the weight invariance is adapted to it, unless style is asked" \
      " for; 0: it stays") \
  ROW(REAL, style, 0, 1, 0, "", \
      "1: results keep the source's style, bold bold and slanted slanted; 0: they vary by the noise alone") \
  ROW(COUNT, anchor_codes, 1, 1024, 8, "codes", \
      "posterior samples whose scaled mean is an anchor; above 1 it excludes same_code_positive") \
  ROW(SEED, seed, 0, 9007199254740992, 1, "", "of all random numbers")

#define XDI_JUDGE_ROWS(ROW) \
  ROW(COUNT, width, 0, 256, 0, "pixels", "width of the pictures, 8 or more; 0: as the training set has") \
  ROW(COUNT, height, 0, 256, 0, "pixels", "height of the pictures, 8 or more; 0: as the training set has") \
  ROW(COUNT, channels, 0, 3, 0, "", "1 for grey pictures, 3 for colour; 0: as the training set has") \
  ROW(COUNT, classes, 0, 256, 0, "classes", "labels from 0; 0: the training set's largest label and 1") \
  ROW(COUNT, base_channels, 1, 256, 16, "", "channels of the first convolution, doubled at each halving") \
  ROW(COUNT, blocks, 0, 8, 0, "", \
      "pairs of convolutions, the second of which halves; 0: until both sides are at most 4, after single ones that halve sides above 64") \
  ROW(COUNT, feature_dim, 1, 1024, 128, "", "width of the last layer but one, the features") \
  ROW(REAL, dropout, 0, 0.999999, 0.2, "", "share of the features that a step drops") \
  ROW(COUNT, epochs, 0, 1e6, 0, "epochs", "passes over the training set; 0: 4, or as many as make 500 steps") \
  ROW(COUNT, batch, 1, 65536, 128, "pictures", "pictures of a step") \
  ROW(REAL, learning_rate, 0, 10, 0.001, "", "Adam's rate at the first step; it falls to 0 along a cosine") \
  ROW(REAL, weight_decay, 0, 10, 1e-4, "", "decoupled decay of the weights") \
  ROW(REAL, label_smoothing, 0, 0.999, 0.05, "", "share of a label's weight that is spread over all classes") \
  ROW(REAL, augment, 0, 4, 0, "", "random turns, scales, shears and shifts of training pictures, as of a VAE") \
  ROW(COUNT, shift, 0, 255, 2, "pixels", "random shift of training pictures, each way") \
  ROW(SWITCH, flip, 0, 1, 0, "", "random flips of training pictures, left and right") \
  ROW(REAL, blur, 0, 4, 0, "pixels", \
      "train also on pictures blurred up to so much, with noise of a tenth of it; 0: none") \
  ROW(SEED, seed, 0, 9007199254740992, 1, "", "of all random numbers")

#define XDI_EVALUATION_ROWS(ROW) \
  ROW(REAL, temperature, 0, 4, 1, "", "scale of the noise") \
  ROW(SWITCH, skip_reconstruction, 0, 1, 0, "", "leave out what the target's own reconstructions reach") \
  ROW(SEED, seed, 0, 9007199254740992, 0, "", "of the noise")

#define XDI_TRAIN_ROWS(ROW) \
  ROW(SEED, seed, 0, 9007199254740992, 1, "", "of all random numbers of the training") \
  ROW(COUNT, directions, 0, 3, 3, "", "mappings that are trained: 1: 1 to 2, 2: 2 to 1, 3: both, 0: the VAEs alone") \
  ROW(COUNT, validate_every, 0, 33554431, 4000, "steps", "mapping steps between validations; 0: after the last alone") \
  ROW(REAL, unlabelled_share, 0, 1, 0.9, "", \
      "share of the unlabelled pictures, the surest first, whose classes by their neighbours mappings are trained on") \
  ROW(REAL, light_share, 0, 1, 0.5, "", \
      "a domain that is a source alone loses its light (vae.window 10000, where it is 0) if that is more than this share" \
      " of its pixels' variance and tells no class; 1: never") \
  ROW(SWITCH, allow_collapse, 0, 1, 0, "", "go on where all pictures of a VAE or a mapping look alike")
/* clang-format on */

#endif
