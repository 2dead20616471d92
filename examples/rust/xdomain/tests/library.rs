//! The crate as a program uses it. XDOMAIN_MODELS is the folder of models, XDOMAIN_TOOL the C tool to compare with.

use std::ops::ControlFlow::{Break, Continue};
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
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
    let wide = set.fitted(&context, Shape { width: 4, height: 2, channels: 3 }, Fit::Crop).unwrap();
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
    let run = Run::new().on_progress(|progress| {
        stages.push(progress.stage());
        assert!(progress.step().0 <= progress.step().1 && progress.overall() <= 1.0 && progress.validation().is_none());
        assert!(progress.stage() != Stage::Vae1 || progress.losses().get("elbo").is_some());
        assert!(progress.model().is_some() == (progress.stage() == Stage::Codes));
        Continue(())
    });
    let (model, report) = train(&context, &input, &options, run).unwrap();
    assert!(stages.contains(&Stage::Vae2) && stages.contains(&Stage::MappingBackwards));
    assert!(report.get("vae1.elbo").is_some() && report.iter().count() > 5 && report.get("nothing").is_none());
    assert_eq!((model.name(2), model.pairing(), model.latent_dim(1)), ("other", "0:1,1:0", 2));
    assert!(model.translates(Direction::Backwards) && model.property("vae1.options").is_some());

    let forwards = Options::new(Group::Train).read(QUICK).number("directions", 1.0);
    let (mapped, _) = map(&context, &model, &input, &forwards, Run::new()).unwrap();
    assert!(mapped.translates(Direction::Forwards) && !mapped.translates(Direction::Backwards));

    let judging = Options::new(Group::Judge).read("epochs=1 batch=8 base_channels=2 feature_dim=4");
    let (judge, _) = train_judge(&context, &set, &judging, Run::new()).unwrap();
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
    let stopped = train(&context, &input, &long, Run::new().on_progress(|_| Break(()))).err().unwrap();
    assert_eq!(stopped.kind(), ErrorKind::Cancelled);

    let panicking = Run::new().on_progress(|_| panic!("enough"));
    let panic = catch_unwind(AssertUnwindSafe(|| train(&context, &input, &long, panicking))).err().unwrap();
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"enough"));

    let canceller = context.canceller();
    let mut other = None;
    let cancelling = Run::new().on_progress(|progress| {
        if progress.stage() == Stage::MappingForwards && other.is_none() {
            let canceller = canceller.clone();
            other = Some(thread::spawn(move || canceller.cancel()));
        }
        Continue(())
    });
    let cancelled = train(&context, &input, &long, cancelling);
    other.unwrap().join().unwrap();
    assert_eq!(cancelled.err().unwrap().kind(), ErrorKind::Cancelled);
    assert!(Model::load(&context, models().join("digits.xdm")).is_err());
    context.clear_cancel();
    assert!(Model::load(&context, models().join("digits.xdm")).is_ok());
}

#[test]
fn a_closure_cannot_call_with_its_context() {
    let context = Context::new().unwrap();
    let set = small_set(&context);
    let judge_options = || Options::new(Group::Judge).read("epochs=1 batch=8 base_channels=2 feature_dim=4");
    let mut heard = Vec::new();
    let run = Run::new().on_progress(|_| {
        heard.extend([
            set.labels(&context).err(),
            Model::load(&context, models().join("digits.xdm")).err(),
            train_judge(&context, &set, &judge_options(), Run::new()).err(),
            Options::new(Group::Judge).value(&context, "epochs").err(),
        ]);
        assert_eq!(set.labels(&Context::new().unwrap()).unwrap().len(), 16);
        Continue(())
    });
    let (judge, _) = train_judge(&context, &set, &judge_options(), run).unwrap();
    assert!(heard.len() >= 4);
    for error in heard {
        let error = error.unwrap();
        assert!(error.kind() == ErrorKind::InvalidArgument && error.to_string().contains("another context"));
    }
    let run = Run::new().on_progress(|_| panic!("enough"));
    catch_unwind(AssertUnwindSafe(|| train_judge(&context, &set, &judge_options(), run))).err().unwrap();
    assert!(judge.accuracy(&context, &set).is_ok());
}

fn small_pictures(translator: &mut Translator, classes: &[u32]) -> Vec<Vec<u8>> {
    let mut results = vec![vec![0u8; 64]; classes.len()];
    let mut outputs: Vec<_> =
        results.iter_mut().map(|pixels| ImageMut::new(pixels, 8, 8, Layout::Grey).unwrap()).collect();
    translator.draw(&mut outputs, classes).unwrap();
    results
}

#[test]
fn draws_by_class_and_by_vectors() {
    let context = Context::new().unwrap();
    let set = small_set(&context);
    let quick = Options::new(Group::Vae).read("epochs=2 min_steps=0 batch=8 latent_dim=2 base_channels=2 hidden1=4");
    let (vae, report) = train_vae(&context, &set, &quick, Run::new()).unwrap();
    assert!(vae.clone().latent_dim() == 2 && report.get("elbo").is_some());
    let mapping = Options::new(Group::Mapping).read("steps=4 hidden_width=4 batch=8");
    let mut stages = Vec::new();
    let hearing = Run::new().on_progress(|progress| {
        stages.push(progress.stage());
        Continue(())
    });
    let input = GeneratorInput::new(&vae, &set).name("shades").unwrap();
    let (model, _) = train_generator(&context, &input, &mapping, hearing).unwrap();
    assert!(stages.contains(&Stage::MappingForwards));
    assert!(model.vae(1).is_none() && model.vae(2).unwrap().latent_dim() == 2);
    assert_eq!((model.class_names(1), model.name(2)), (vec!["0", "1"], "shades"));
    let mut translator = Translator::new(Context::new().unwrap(), &model, &Default::default()).unwrap();
    translator.set_noise(1, 0, 1.0).unwrap();
    let drawn = small_pictures(&mut translator, &[1, 0]);
    assert_eq!(small_pictures(&mut translator, &[1]), drawn[..1]);
    assert_ne!(drawn[0], drawn[1]);
    assert_eq!(translator.draw(&mut [], &[2]).unwrap_err().kind(), ErrorKind::InvalidArgument);
    for inputs in [&[0.0; 64][..], &[]] {
        let refused = translator.run_floats(&mut [0.0; 64], inputs).unwrap_err();
        assert!(refused.kind() == ErrorKind::Unsupported && refused.to_string().contains("conditions"));
    }
    assert_eq!(load(Direction::Forwards).draw(&mut [], &[]).unwrap_err().kind(), ErrorKind::Unsupported);

    let rows: Vec<f32> = (0..48).map(|i| i as f32 / 48.0).collect();
    let input = GeneratorInput::new(&vae, &set).vectors(&rows).unwrap();
    let (model, _) = train_generator(&context, &input, &mapping, Run::new()).unwrap();
    assert_eq!(model.latent_dim(1), 3);
    let mut translator = Translator::new(Context::new().unwrap(), &model, &Default::default()).unwrap();
    assert_eq!(translator.draw(&mut [], &[1]).unwrap_err().kind(), ErrorKind::InvalidArgument);
    assert_eq!(GeneratorInput::new(&vae, &set).vectors(&rows[1..]).err().unwrap().kind(), ErrorKind::ShapeMismatch);
    let kept = Run::new().checkpoint("never written");
    assert_eq!(train_generator(&context, &input, &mapping, kept).err().unwrap().kind(), ErrorKind::Unsupported);
}

#[test]
fn goes_on_from_a_checkpoint() {
    let context = Context::new().unwrap();
    let set = small_set(&context);
    let pairing = Pairing::named(&context, "dark:1,1:0", &["dark"], &[]).unwrap();
    let input = TrainInput::new(&set, &set, &pairing);
    let options = Options::new(Group::Train).read(QUICK);
    let path = env::temp_dir().join(format!("xdomain-rust-{}.xdt", std::process::id()));
    let stopping = Run::new().checkpoint(&path).on_progress(|progress| {
        if progress.stage() == Stage::MappingForwards {
            Break(())
        } else {
            Continue(())
        }
    });
    assert_eq!(train(&context, &input, &options, stopping).err().unwrap().kind(), ErrorKind::Cancelled);
    assert_eq!(recover(&context, &path).unwrap().latent_dim(2), 2);
    let mut first = None;
    let resuming = Run::new().checkpoint(&path).resume().on_progress(|progress| {
        first.get_or_insert((progress.stage(), progress.step().0));
        Continue(())
    });
    let (model, _) = train(&context, &input, &options, resuming).unwrap();
    fs::remove_file(&path).unwrap();
    assert_eq!((first, model.pairing()), (Some((Stage::MappingForwards, 2)), "0:1,1:0"));
    assert_eq!(recover(&context, &path).err().unwrap().kind(), ErrorKind::NotFound);
}

#[test]
fn few_labels_are_enough() {
    let context = Context::new().unwrap();
    let set = small_set(&context);
    let pairing = Pairing::new(&context, "0:1,1:0").unwrap();
    let input = TrainInput::new(&set, &set, &pairing).unlabelled(Some(&set), None);
    let (_, report) = train(&context, &input, &Options::new(Group::Train).read(QUICK), Run::new()).unwrap();
    assert!(report.get("unlabelled1").unwrap() > 0.0 && report.get("unlabelled2").is_none());
}

#[test]
fn closures_hear_of_translations() {
    let (sender, heard) = std::sync::mpsc::channel();
    let mut translator = load(Direction::Forwards).on_progress(move |progress| {
        sender.send((progress.stage(), progress.step())).unwrap();
        Continue(())
    });
    let expected = translated(&mut translator, 1);
    assert_eq!(heard.try_iter().collect::<Vec<_>>(), [(Stage::Translation, (1, 1))]);
    let mut stopping = load(Direction::Forwards).on_progress(|_| Break(()));
    let codes = vec![0.0; stopping.source_dim()];
    assert_eq!(stopping.generate(&codes, None).unwrap_err().kind(), ErrorKind::Cancelled);
    let mut panicking = load(Direction::Forwards).on_progress(|_| panic!("enough"));
    let panic = catch_unwind(AssertUnwindSafe(|| panicking.generate(&codes, None))).err().unwrap();
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"enough"));
    let mut silent = panicking.on_progress(|_| Continue(()));
    assert_eq!(translated(&mut silent, 1), expected);
}

#[test]
fn reads_folders_as_they_are() {
    let context = Context::new().unwrap();
    let folder = env::temp_dir().join(format!("xdomain-rust-{}", std::process::id()));
    for (name, bytes) in
        [("a/1.pgm", "P5 2 2 255 abcd"), ("b/2.pgm", "P5 1 2 255 ab"), ("b/3.pgm", "P5"), ("notes", "")]
    {
        fs::create_dir_all(folder.join(name).parent().unwrap()).unwrap();
        fs::write(folder.join(name), bytes).unwrap();
    }
    let size = Shape { width: 2, height: 2, channels: 0 };
    let refused = Dataset::from_folder(&context, &folder, &ReadOptions { size, ..Default::default() }).err().unwrap();
    let options = ReadOptions { size, fit: Fit::Pad, skip_bad: true };
    let set = Dataset::from_folder(&context, &folder, &options).unwrap();
    fs::remove_dir_all(&folder).unwrap();
    assert!(refused.to_string().contains("3.pgm"));
    assert_eq!((set.len(), set.class_name(1)), (2, "b"));
    let left = set.left_out();
    assert!(left.len() == 2 && left[0] == "notes" && left[1].contains("3.pgm"));
    let matched = set.matched(&context, &["none", "a"]).unwrap();
    assert_eq!((matched.len(), matched.get(0).unwrap().0), (1, 1));
}

#[cfg(target_os = "linux")]
#[test]
fn tells_of_files_with_any_names() {
    use std::os::unix::ffi::OsStrExt;
    let context = Context::new().unwrap();
    let folder = env::temp_dir().join(format!("xdomain-rust-names-{}", std::process::id()));
    fs::create_dir_all(folder.join("a")).unwrap();
    fs::write(folder.join("a/1.pgm"), "P5 1 1 255 a").unwrap();
    fs::write(folder.join("a").join(std::ffi::OsStr::from_bytes(b"caf\xe9.txt")), "").unwrap();
    let set = Dataset::from_folder(&context, &folder, &ReadOptions::default()).unwrap();
    fs::remove_dir_all(&folder).unwrap();
    assert_eq!(set.left_out(), ["a/caf\u{fffd}.txt"]);
}

#[test]
fn a_question_stops_calls() {
    let wanted = Arc::new(AtomicBool::new(false));
    let asked = wanted.clone();
    let context = Context::builder().should_stop(move || asked.load(Ordering::Relaxed)).build().unwrap();
    let mut translator = Translator::load(context, models().join("digits.xdm"), &Default::default()).unwrap();
    let codes = vec![0.0; translator.source_dim()];
    wanted.store(true, Ordering::Relaxed);
    assert_eq!(translator.generate(&codes, None).unwrap_err().kind(), ErrorKind::Cancelled);
    wanted.store(false, Ordering::Relaxed);
    assert!(translator.generate(&codes, None).is_ok());
    struct PanicsAgain;
    impl Drop for PanicsAgain {
        fn drop(&mut self) {
            panic!("again");
        }
    }
    let panicking = Context::builder().should_stop(|| std::panic::panic_any(PanicsAgain)).build().unwrap();
    let stopped = Model::load(&panicking, models().join("digits.xdm")).err().unwrap();
    assert_eq!(stopped.kind(), ErrorKind::Cancelled);
    assert!(Context::builder().backend("abacus").should_stop(|| false).build().is_err());
}

#[test]
fn tells_its_log() {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let kept = lines.clone();
    let listen = move |level, line: &str| {
        kept.lock().unwrap().push((level, line.to_owned()));
        panic!("heard");
    };
    let context = Context::builder().on_log(LogLevel::Warning, listen).build().unwrap();
    assert!(small_set(&context).matched(&context, &["1"]).is_ok());
    let lines = lines.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    assert!(matches!(&lines[..], [(LogLevel::Warning, line)] if line.contains("class '0'")), "{lines:?}");
}

#[test]
fn lists_the_options() {
    let options = Options::list(Group::Train);
    let likelihood = options.iter().find(|option| option.name == "vae.likelihood").unwrap();
    assert_eq!((likelihood.kind, likelihood.unit), (OptionKind::Choice, "gaussian|bernoulli"));
    assert!(options.iter().all(|option| option.least <= option.default && option.default <= option.most));
}
