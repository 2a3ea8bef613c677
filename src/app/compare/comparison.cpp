#include "app/compare/comparison.hpp"

#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <new>
#include <span>
#include <utility>

#include "app/answerer.hpp"
#include "app/captioner.hpp"
#include "app/classifier.hpp"
#include "app/draw/drawer.hpp"
#include "app/matcher.hpp"
#include "app/models/model_report.hpp"
#include "app/tagger.hpp"
#include "blip/error.hpp"
#include "hub/model_cache.hpp"
#include "tasks/embedding.hpp"

namespace blip::app {
namespace {

// Long enough for a sentence; some models would go on for ever.
constexpr int kMaxNewTokens = 30;

// As `blip caption --beams 3`, what most scripts use.
constexpr int kBeams = 3;

class Stopwatch {
 public:
  // Seconds since the last call, or since the beginning.
  double lap() {
    const auto now = std::chrono::steady_clock::now();
    const std::chrono::duration<double> passed = now - last_;
    last_ = now;
    return passed.count();
  }

 private:
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

// Bytes of this process that are in memory, the models' mapped files among them.
std::optional<std::uint64_t> resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t size = 0;
  std::uint64_t resident = 0;
  if (!(statm >> size >> resident)) return std::nullopt;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

// What a class of transformers is known as, where another system has its place in the comparison.
std::string_view system_of(std::string_view architecture, std::string_view usual) {
  for (const auto& [part, system] : {std::pair("Blip", "BLIP"),
                                     {"EfficientNet", "EfficientNet"},
                                     {"Siglip", "SigLIP"},
                                     {"CLIP", "CLIP"}}) {
    if (architecture.find(part) != std::string_view::npos) return system;
  }
  return usual;
}

// A model of the hub's cache lies in models--OWNER--NAME/snapshots/COMMIT.
std::string name_of(const std::filesystem::path& model) {
  std::filesystem::path folder = model.lexically_normal();
  if (!folder.has_filename()) folder = folder.parent_path();  // it ends in a slash
  const std::filesystem::path above = folder.parent_path();
  if (above.filename() == "snapshots") {
    const auto repository = hub::repository_of(above.parent_path().filename().string());
    if (repository) return *repository;
  }
  return folder.filename().string();
}

class ComparisonRun {
 public:
  ComparisonRun(const std::string& photo, const Image& image, const ComparisonOptions& options,
                const ContextOptions& context_options,
                const std::function<void(std::string_view)>& on_model)
      : options_(options), context_options_(context_options), on_model_(on_model) {
    comparison_.photo = photo;
    comparison_.image = image;
  }

  Comparison run() {
    with_model("BLIP", options_.captioner, [&](ComparedModel& model) { caption(model); });
    with_model("BLIP", options_.answerer, [&](ComparedModel& model) { answer(model); });
    texts_ = options_.texts;
    if (!caption_.empty()) texts_.push_back(caption_);
    // Before what judges the picture, and told last.
    with_model("DALL-E", options_.drawer, [&](ComparedModel& model) { draw(model); });
    std::optional<ComparedModel> drawing;
    if (!options_.drawer.empty()) {
      drawing = std::move(comparison_.models.back());
      comparison_.models.pop_back();
      drawn_ = drawing->picture;
    }
    with_model("BLIP", options_.matcher,
               [&](ComparedModel& model) { match(model, /*with_tags=*/false); });
    with_model("CLIP", options_.clip,
               [&](ComparedModel& model) { match(model, /*with_tags=*/true); });
    with_model("ViT", options_.classifier, [&](ComparedModel& model) { classify(model); });
    if (drawing) {
      if (drawn_) drawing->tasks.front().results.front().scores = picture_scores_;
      comparison_.models.push_back(std::move(*drawing));
    }
    return std::move(comparison_);
  }

 private:
  // `use` opens the model and fills in what it finds and takes.
  template <typename Use>
  void with_model(std::string_view system, const std::filesystem::path& model, const Use& use) {
    if (model.empty()) return;
    if (on_model_) on_model_(system);
    ComparedModel compared = {.system = system, .model = model, .name = name_of(model)};
    const auto fail = [&](const std::string& reason) {
      const std::string name = model.string();
      compared.error = reason.starts_with(name) ? reason : name + ": " + reason;
      compared.tasks.clear();
      compared.picture.reset();
    };
    try {
      const ModelReport report = inspect_model({.model = model});
      compared.architecture = report.description.architecture;
      compared.system = system_of(compared.architecture, system);
      compared.cost.parameters = report.parameters;
      ::malloc_trim(0);  // what an earlier model left free, in which this one's would be hidden
      before_ = resident_bytes();
      context_.emplace(context_options_);  // so that each brings its own working memory
      use(compared);
    } catch (const Error& error) {
      fail(error.what());
    } catch (const std::bad_alloc&) {
      fail("there is not enough memory for it");
    }
    context_.reset();
    comparison_.models.push_back(std::move(compared));
  }

  // While the model is still there.
  void count_memory(ComparedModel& model) const {
    const auto after = resident_bytes();
    if (before_ && after) model.cost.memory_bytes = *after - std::min(*before_, *after);
  }

  [[nodiscard]] ModelOptions opening(const std::filesystem::path& model) const {
    return {.model = model, .weight_type = options_.weight_type, .pictures = options_.pictures};
  }

  [[nodiscard]] PreparedImage prepared(const PictureReader& pictures, const Image& image) const {
    return {.name = comparison_.photo, .index = 0, .pixel_values = pictures(image), .error = {}};
  }

  void caption(ComparedModel& model) {
    Stopwatch watch;
    GenerationOptions generation;
    generation.num_beams = kBeams;
    generation.max_new_tokens = kMaxNewTokens;
    const Captioner captioner(opening(model.model), {.prompt = {}, .generation = generation});
    model.cost.load_seconds = watch.lap();
    const PreparedImage image = prepared(captioner.pictures(), comparison_.image);
    const PreparedImage* const pointer = &image;
    caption_ = captioner.caption(std::span(&pointer, 1), *context_).front().front().text;
    model.cost.run_seconds = watch.lap();
    count_memory(model);
    model.tasks = {{.task = "caption", .results = {{.text = caption_, .scores = {}}}}};
  }

  void answer(ComparedModel& model) {
    Stopwatch watch;
    const Answerer answerer(opening(model.model), {});
    model.cost.load_seconds = watch.lap();
    const PreparedImage image = prepared(answerer.pictures(), comparison_.image);
    const PreparedImage* const pointer = &image;
    const auto question = answerer.tokens(std::span(&options_.question, 1));
    const auto answers = answerer.answer(std::span(&pointer, 1), question, *context_);
    model.cost.run_seconds = watch.lap();
    count_memory(model);
    model.tasks = {{.task = "answer",
                    .asked = options_.question,
                    .results = {{.text = answers.front().front().front().text, .scores = {}}}}};
  }

  // The texts with the photo, the everyday tags, and the caption with the picture of it.
  void match(ComparedModel& model, bool with_tags) {
    Stopwatch watch;
    const ModelOptions opened = opening(model.model);
    const Embedder embedder(opened, TextStyle::hf);
    const TaggerOptions tags = {.tags = {.labels = everyday_tags()}};
    Tensor tag_embeddings;
    if (with_tags) {
      tag_embeddings =
          kept_label_embeddings(embedder, opened, tags.tags, options_.kept_labels, *context_);
    }
    model.cost.load_seconds = watch.lap();
    const PreparedImage image = prepared(embedder.pictures(), comparison_.image);
    const PreparedImage* const pointer = &image;
    const std::vector<EncodedImage> encoded = embedder.encode(std::span(&pointer, 1), *context_);
    const Tensor embedding = embedder.embed(encoded, *context_);
    if (!texts_.empty()) {
      TaskFindings findings = {.task = "match", .results = {}};
      for (const std::string& text : texts_) {
        findings.results.push_back(matched(embedder, encoded.front(), embedding.data, text));
      }
      model.tasks.push_back(std::move(findings));
    }
    if (with_tags) {
      const Tensor background = embed_labels(
          embedder, {.labels = tags.background, .templates = tags.tags.templates}, *context_);
      const auto fitting = fitting_tags(embedding, tags.tags.labels, tag_embeddings, background,
                                        {.top = options_.top});
      model.tasks.push_back(labels_of("tags", fitting.front(), "margin"));
    }
    model.cost.run_seconds = watch.lap();
    count_memory(model);
    if (drawn_) judge(embedder, model.system);
  }

  // A text that cannot be matched takes nothing from the others.
  ScoredText matched(const Embedder& embedder, const EncodedImage& image,
                     std::span<const float> embedding, const std::string& text) {
    ScoredText scored = {.text = text, .scores = {}};
    try {
      const std::vector<Tokens> tokens = embedder.tokens(std::span(&text, 1));
      const Match match = matches_of(embedder, image, embedding, tokens,
                                     embedder.embed(tokens, *context_), *context_)
                              .front();
      if (match.itm) scored.scores.emplace_back("itm", *match.itm);
      scored.scores.emplace_back("itc", match.itc);
    } catch (const Error& error) {
      scored.error = error.what();
    }
    return scored;
  }

  void judge(const Embedder& embedder, std::string_view system) {
    const PreparedImage image = prepared(embedder.pictures(), *drawn_);
    const PreparedImage* const pointer = &image;
    const Tensor picture =
        embedder.embed(embedder.encode(std::span(&pointer, 1), *context_), *context_);
    const Tensor text = embedder.embed(embedder.tokens(std::span(&caption_, 1)), *context_);
    std::string_view score = "clip_itc";
    if (system == "BLIP") score = "blip_itc";
    if (system == "SigLIP") score = "siglip_itc";
    picture_scores_.emplace_back(score, dot(picture.data, text.data));
  }

  void classify(ComparedModel& model) {
    Stopwatch watch;
    const Classifier classifier(opening(model.model));
    model.cost.load_seconds = watch.lap();
    const PreparedImage image = prepared(classifier.pictures(), comparison_.image);
    const PreparedImage* const pointer = &image;
    const auto labels = classifier.classify(std::span(&pointer, 1), options_.top, *context_);
    model.cost.run_seconds = watch.lap();
    count_memory(model);
    model.tasks = {labels_of("classes", labels.front(), "probability")};
  }

  void draw(ComparedModel& model) {
    if (caption_.empty()) {
      throw Error(ErrorCode::invalid_argument, "there is no caption that it could draw");
    }
    Stopwatch watch;
    DrawingOptions drawing;
    drawing.seed = options_.seed;
    const Drawer drawer(opening(model.model), {.drawing = drawing});
    model.cost.load_seconds = watch.lap();
    Prompt prompt = drawer.prompt(caption_);
    drawer.read(prompt, *context_);
    model.picture = drawer.draw(prompt, *context_).pictures.front();
    model.cost.run_seconds = watch.lap();
    count_memory(model);
    model.tasks = {
        {.task = "drawing", .asked = caption_, .results = {{.text = "a picture", .scores = {}}}}};
  }

  static TaskFindings labels_of(std::string_view task, const std::vector<ScoredLabel>& labels,
                                std::string_view score) {
    TaskFindings findings = {.task = task, .results = {}};
    for (const ScoredLabel& label : labels) {
      findings.results.push_back({.text = label.label, .scores = {{score, label.score}}});
    }
    return findings;
  }

  const ComparisonOptions& options_;
  const ContextOptions& context_options_;
  std::optional<Context> context_;  // of the present model
  const std::function<void(std::string_view)>& on_model_;
  Comparison comparison_;
  std::string caption_;
  std::vector<std::string> texts_;  // that are matched
  std::optional<Image> drawn_;
  std::vector<std::pair<std::string_view, float>> picture_scores_;
  std::optional<std::uint64_t> before_;  // resident bytes, before the present model
};

}  // namespace

Comparison compare_models(const std::string& photo, const Image& image,
                          const ComparisonOptions& options, const ContextOptions& context_options,
                          const std::function<void(std::string_view)>& on_model) {
  return ComparisonRun(photo, image, options, context_options, on_model).run();
}

}  // namespace blip::app
