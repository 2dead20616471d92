//! The crate as a program uses it. XDOMAIN_MODELS is the folder of models, XDOMAIN_TOOL the C tool to compare with.

use std::ops::ControlFlow::{Break, Continue};
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::path::PathBuf;
use std::process::Command;
use std::{env, fs, thread};
use xdomain::*;

const SIDE: u32 = 28;
const QUICK: &str = "vae.epochs=2 vae.min_steps=0 vae.batch=8 vae.latent_dim=2 base_channels=2 hidden1=4 \
                     hidden_width=4 steps=4 mapping.batch=8";

fn models() -> PathBuf {
    PathBuf::from(env::var_os("XDOMAIN_MODELS").expect("XDOMAIN_MODELS"))
}

fn translated(translator: &mut Translator, seed: u64) -> Vec<u8> {
    let picture = Picture::load(translator.context(), models().join("three.png")).unwrap();
    let mut result = vec![0u8; (SIDE * SIDE) as usize];
    translator.set_noise(seed, 0, 1.0).unwrap();
    let input = picture.view().alpha(AlphaPolicy::Composite);
    translator.run(&mut [ImageMut::new(&mut result, SIDE, SIDE, Layout::Grey).unwrap()], &[input]).unwrap();
    result
}

fn load(direction: Direction) -> Translator {
    let options = TranslatorOptions { direction, ..Default::default() };
    Translator::load(Context::new().unwrap(), models().join("digits.xdm"), &options).unwrap()
}

fn small_set(context: &Context) -> Dataset {
    let pixels: Vec<u8> = (0..16 * 64u32).map(|i| (i * 37 % 251) as u8).collect();
    let labels: Vec<u32> = (0..16).map(|i| i % 2).collect();
    Dataset::from_pixels(context, &pixels, Some(&labels), Shape { width: 8, height: 8, channels: 1 }).unwrap()
}

#[test]
fn gives_the_bytes_of_the_tool() {
    let out = env::temp_dir().join(format!("xdomain-rust-{}.png", std::process::id()));
    let done = Command::new(env::var_os("XDOMAIN_TOOL").expect("XDOMAIN_TOOL"))
        .args(["translate", "--seed", "5", "--model"])
        .arg(models().join("digits.xdm"))
        .arg("--out")
        .arg(&out)
        .arg(models().join("three.png"))
        .status()
        .unwrap();
    assert!(done.success());
    let expected = Picture::load(&Context::new().unwrap(), &out).unwrap();
    fs::remove_file(&out).unwrap();
    assert_eq!(expected.bytes().1, translated(&mut load(Direction::Forwards), 5));
}

#[test]
fn sets_are_read_at_once_and_converted() {
    let context = Context::new().unwrap();
    let set = small_set(&context);
    let (labels, pixels) = (set.labels(&context).unwrap(), set.pixels(&context).unwrap());
    assert!(set.has_labels() && labels.len() == 16 && labels[3] == 1);
    assert_eq!(set.get(15).unwrap(), (1, &pixels[15 * 64..]));
    let wide = set.converted(&context, Shape { width: 4, height: 2, channels: 3 }, Fit::Crop).unwrap();
    assert_eq!(wide.pixels(&context).unwrap().len(), 16 * 24);
    assert_eq!(wide.labels(&context).unwrap(), labels);
}

#[test]
fn threads_share_a_model() {
    let context = Context::new().unwrap();
    let model = Model::load(&context, models().join("digits.xdm")).unwrap();
    let pool = Pool::new(2).unwrap();
    let results: Vec<_> = [Direction::Forwards, Direction::Backwards]
        .map(|direction| {
            let (model, pool) = (model.clone(), pool.clone());
            thread::spawn(move || {
                let context = Context::builder().pool(&pool).build().unwrap();
                let options = TranslatorOptions { direction, ..Default::default() };
                let mut translator = Translator::new(context, &model, &options).unwrap();
                drop(model);
                translated(&mut translator, 1)
            })
        })
        .map(|thread| thread.join().unwrap())
        .into();
    assert_eq!(results[0], translated(&mut load(Direction::Forwards), 1));
    assert_eq!(results[1], translated(&mut load(Direction::Backwards), 1));
    assert_ne!(results[0], results[1]);
    let mut moved = load(Direction::Forwards);
    assert_eq!(thread::spawn(move || translated(&mut moved, 1)).join().unwrap(), results[0]);
}

#[test]
fn views_show_memory_as_it_lies() {
    let mut translator = load(Direction::Forwards);
    let expected = translated(&mut translator, 3);
    let picture = Picture::load(translator.context(), models().join("three.png")).unwrap();
    let mut wide = vec![9u8; 100 * SIDE as usize];
    translator.set_noise(3, 0, 1.0).unwrap();
    let place = ImageMut::with_stride(&mut wide[10..], 100, SIDE, SIDE, Layout::Grey).unwrap();
    translator.run(&mut [place], &[picture.view().alpha(AlphaPolicy::Composite)]).unwrap();
    for (row, written) in wide.chunks(100).enumerate() {
        assert_eq!(written[10..38], expected[row * 28..][..28]);
        assert!(written[..10].iter().chain(&written[38..]).all(|&byte| byte == 9));
    }
    let floats: Vec<f32> = vec![0.25; translator.input_shape().len() * 2];
    let mut results = vec![0f32; translator.output_shape().len() * 2];
    translator.run_floats(&mut results, &floats).unwrap();
    assert!(results.iter().all(|number| (0.0..=1.0).contains(number)));
    assert_eq!(translator.run_floats(&mut results[1..], &floats).unwrap_err().kind(), ErrorKind::ShapeMismatch);
    assert_eq!(ImageRef::new(&wide[..783], 28, 28, Layout::Grey).err().unwrap().kind(), ErrorKind::ShapeMismatch);
    assert!(ImageRef::new(&wide[..784], 28, 28, Layout::Grey).is_ok());
    assert!(ImageRef::with_stride(&wide, 27, 28, 28, Layout::Grey).is_err());
    assert!(ImageRef::new(&[0u8; 0], 0, 0, Layout::Rgb).is_err());
    assert!(ImageRef::new(&[0u8; 8], u32::MAX, u32::MAX, Layout::Rgb).is_err());
    let image = ImageRef::new(&wide[..784], 28, 28, Layout::Grey).unwrap();
    assert_eq!(translator.run(&mut [], &[image]).unwrap_err().kind(), ErrorKind::ShapeMismatch);
}

#[test]
fn steps_make_a_translation() {
    let mut translator = load(Direction::Forwards);
    let expected = translated(&mut translator, 3);
    let picture = Picture::load(translator.context(), models().join("three.png")).unwrap();
    let image = picture.view().alpha(AlphaPolicy::Composite);
    let means = translator.encode(&[image]).unwrap();
    assert_eq!(means.len(), translator.source_dim());
    let codes = translator.generate(&means, None).unwrap();
    let mut result = vec![0u8; (SIDE * SIDE) as usize];
    translator.decode(&mut [ImageMut::new(&mut result, SIDE, SIDE, Layout::Grey).unwrap()], &codes).unwrap();
    assert_eq!(result, expected);
    let other = translator.generate(&means, Some(&vec![0.0; translator.target_dim()])).unwrap();
    assert_ne!(codes, other);
    assert_eq!(translator.generate(&means, Some(&[0.0])).unwrap_err().kind(), ErrorKind::ShapeMismatch);
    assert_eq!(translator.decode(&mut [], &codes).unwrap_err().kind(), ErrorKind::ShapeMismatch);
    let way = |position| interpolate(translator.context(), &codes, &other, position);
    assert_eq!(way(0.0).unwrap(), codes);
    assert_ne!(way(0.5).unwrap(), codes);
    assert_eq!(way(2.0).unwrap_err().kind(), ErrorKind::InvalidArgument);
}

#[test]
fn fits_pictures_of_another_size() {
    let wide = [7u8; 40 * 30];
    let image = || ImageRef::new(&wide, 40, 30, Layout::Grey).unwrap();
    let mut exact = load(Direction::Forwards);
    assert_eq!(exact.encode(&[image()]).unwrap_err().kind(), ErrorKind::ShapeMismatch);
    let options = TranslatorOptions { fit: Fit::Pad, ..Default::default() };
    let mut padding = Translator::load(Context::new().unwrap(), models().join("digits.xdm"), &options).unwrap();
    assert_eq!(padding.encode(&[image()]).unwrap().len(), padding.source_dim());
}

#[test]
fn failures_say_why() {
    let context = Context::new().unwrap();
    let absent = Model::load(&context, "no-such.xdm").err().unwrap();
    assert_eq!(absent.kind(), ErrorKind::NotFound);
    assert!(absent.to_string().contains("no-such.xdm"));
    let backend = Context::builder().backend("abacus").build().err().unwrap();
    assert!(backend.kind() == ErrorKind::NotFound && backend.to_string().contains("abacus"));
    let option = Options::new(Group::Train).number("stepps", 3.0).value(&context, "steps").unwrap_err();
    assert!(option.kind() == ErrorKind::NotFound && option.to_string().contains("stepps"));
    assert_eq!(Pairing::new(&context, "0:\0").err().unwrap().kind(), ErrorKind::InvalidArgument);
    let bytes = Model::from_bytes(&context, b"no model", "nonsense").err().unwrap();
    assert!(bytes.to_string().contains("nonsense"));
}

#[test]
fn trains_maps_and_measures() {
    let context = Context::builder().threads(2).build().unwrap();
    let set = small_set(&context);
    assert_eq!((set.len(), set.get(3).unwrap().0, set.get(16)), (16, 1, None));
    let pairing = Pairing::new(&context, "0:1,1:0").unwrap();
    let options = Options::new(Group::Train).read(QUICK);
    let input = TrainInput::new(&set, &set, &pairing).names("one", "other").unwrap();
    let mut stages = Vec::new();
    let (model, report) = train(&context, &input, &options, |progress| {
        stages.push(progress.stage());
        assert!(progress.step().0 <= progress.step().1 && progress.overall() <= 1.0 && progress.validation().is_none());
        assert!(progress.stage() != Stage::Vae1 || progress.losses().get("elbo").is_some());
        Continue(())
    })
    .unwrap();
    assert!(stages.contains(&Stage::Vae2) && stages.contains(&Stage::MappingBackwards));
    assert!(report.get("vae1.elbo").is_some() && report.iter().count() > 5 && report.get("nothing").is_none());
    assert_eq!((model.name(2), model.pairing(), model.latent_dim(1)), ("other", "0:1,1:0", 2));
    assert!(model.translates(Direction::Backwards) && model.property("vae1.options").is_some());

    let forwards = Options::new(Group::Train).read(QUICK).number("directions", 1.0);
    let (mapped, _) = map(&context, &model, &input, &forwards, |_| Continue(())).unwrap();
    assert!(mapped.translates(Direction::Forwards) && !mapped.translates(Direction::Backwards));

    let judging = Options::new(Group::Judge).read("epochs=1 batch=8 base_channels=2 feature_dim=4");
    let (judge, _) = train_judge(&context, &set, &judging).unwrap();
    assert!((0.0..=1.0).contains(&judge.accuracy(&context, &set).unwrap()));
    let what = Evaluation {
        model: &model,
        direction: Direction::Forwards,
        judge: &judge,
        source: &set,
        target: &set,
        pairing: &pairing,
    };
    let measuring = Options::new(Group::Evaluation);
    let measures = evaluate(&context, &what, &measuring, |_| Continue(())).unwrap();
    assert!((0.0..=1.0).contains(&measures.get("acc").unwrap()));
    let stopped = evaluate(&context, &what, &measuring, |_| Break(())).unwrap_err();
    assert_eq!(stopped.kind(), ErrorKind::Cancelled);
}

#[test]
fn closures_and_other_threads_stop_a_training() {
    let context = Context::new().unwrap();
    let set = small_set(&context);
    let pairing = Pairing::new(&context, "0:0,1:1").unwrap();
    let input = TrainInput::new(&set, &set, &pairing);
    let long = Options::new(Group::Train).read(QUICK).number("steps", 10_000_000.0);
    let stopped = train(&context, &input, &long, |_| Break(())).err().unwrap();
    assert_eq!(stopped.kind(), ErrorKind::Cancelled);

    let panic = catch_unwind(AssertUnwindSafe(|| train(&context, &input, &long, |_| panic!("enough")))).err().unwrap();
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"enough"));

    let canceller = context.canceller();
    let mut other = None;
    let cancelled = train(&context, &input, &long, |progress| {
        if progress.stage() == Stage::MappingForwards && other.is_none() {
            let canceller = canceller.clone();
            other = Some(thread::spawn(move || canceller.cancel()));
        }
        Continue(())
    });
    other.unwrap().join().unwrap();
    assert_eq!(cancelled.err().unwrap().kind(), ErrorKind::Cancelled);
    assert!(Model::load(&context, models().join("digits.xdm")).is_err());
    context.clear_cancel();
    assert!(Model::load(&context, models().join("digits.xdm")).is_ok());
}

#[test]
fn lists_the_options() {
    let options = Options::list(Group::Train);
    let likelihood = options.iter().find(|option| option.name == "vae.likelihood").unwrap();
    assert_eq!((likelihood.kind, likelihood.unit), (OptionKind::Choice, "gaussian|bernoulli"));
    assert!(options.iter().all(|option| option.least <= option.default && option.default <= option.most));
}
