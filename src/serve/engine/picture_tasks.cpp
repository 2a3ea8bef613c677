#include "serve/engine/picture_tasks.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <utility>

#include "app/answerer.hpp"
#include "app/matcher.hpp"
#include "app/tagger.hpp"
#include "app/zero_shot_classifier.hpp"
#include "blip/error.hpp"
#include "image/heat_map.hpp"
#include "image/png_writer.hpp"
#include "tasks/embedding.hpp"

namespace blip::serve {
namespace {

// They take a fraction of what goes through the text model together between two pauses.
constexpr std::size_t kFewTexts = 16;

// Of the longer side of a painted photo.
constexpr int kPaintedSide = 1024;

struct Tools {
  const Job& job;
  const ModelParts& parts;
  const CatalogModel& model;
  const EngineOptions& options;
  Context& context;
  const app::Pause& pause;

  [[nodiscard]] const app::Embedder& embedder() const { return parts.embedder->embedder; }
  // Of the job's picture: → [1, D]
  [[nodiscard]] Tensor embedding() const {
    return embedder().embed(std::span(&job.picture->image(), 1), context);
  }
  [[nodiscard]] std::shared_ptr<const Tensor> vectors(
      const app::LabelSet& set, const std::filesystem::path& kept = {}) const {
    return parts.embedder->labels.of(embedder(), model.options, set, kept, context, pause);
  }
  // 0 is all.
  [[nodiscard]] static std::size_t most(std::size_t top) {
    return top == 0 ? std::numeric_limits<std::size_t>::max() : top;
  }

  PictureTaskValue operator()(const CaptionTask& /*task*/) const {
    throw Error(ErrorCode::unsupported, "captions are written step by step");
  }

  PictureTaskValue operator()(const AnswerTask& task) const {
    const AnswererPart& answerer = *parts.answerer;
    std::vector<std::vector<TokenId>> answers;
    for (const std::string& answer : task.answers) {
      answers.push_back(answerer.tokenizer->encode(answer));
    }
    const std::vector<TokenId> question =
        app::question_tokens(*answerer.tokenizer, task.question, TextStyle::hf);
    const auto ranked =
        answerer.model.rank_answers(std::span(&job.picture->image(), 1), std::span(&question, 1),
                                    answers, {.k = task.rank_k, .style = TextStyle::hf}, context);
    TextResult result;
    result.prompt_tokens = question.size() - 2;
    for (const RankedAnswer& answer :
         std::span(ranked.front())
             .first(std::min(std::max<std::size_t>(task.top, 1), ranked.front().size()))) {
      result.texts.push_back({.text = task.answers[answer.answer], .score = app::score_of(answer)});
    }
    return result;
  }

  [[nodiscard]] MatchResult cosines(const MatchTask& task) const {
    const auto texts = vectors({.labels = task.texts, .templates = {"{}"}}, options.kept_labels);
    const Tensor picture = embedding();
    MatchResult result;
    for (std::size_t i = 0; i < task.texts.size(); ++i) {
      result.matches.push_back({.itm = {}, .itc = dot(row_of(picture, 0), row_of(*texts, i))});
    }
    return result;
  }

  PictureTaskValue operator()(const MatchTask& task) const {
    if (task.cosines_only) return cosines(task);
    const std::vector<app::Tokens> tokens = embedder().tokens(task.texts);
    const Tensor texts = embedder().embed(tokens, context, pause);
    const Tensor picture = embedding();
    MatchResult result;
    for (const app::Match& match : app::matches_of(
             embedder(), job.picture->image(), row_of(picture, 0), tokens, texts, context, pause)) {
      result.matches.push_back({.itm = match.itm, .itc = match.itc});
    }
    return result;
  }

  PictureTaskValue operator()(const EmbedImageTask& /*task*/) const {
    return EmbeddingResult{.embeddings = embedding(),
                           .image_width = job.picture->width,
                           .image_height = job.picture->height};
  }

  PictureTaskValue operator()(const EmbedTextsTask& task) const {
    const std::vector<app::Tokens> tokens = embedder().tokens(task.texts);
    EmbeddingResult result{.embeddings = embedder().embed(tokens, context, pause)};
    for (const app::Tokens& text : tokens) result.tokens += text.size();
    return result;
  }

  PictureTaskValue operator()(const ClassifyTask& task) const {
    if (task.labels.empty()) {
      const ImageClassifier& classifier = *parts.classifier;
      const auto scores = app::scores_of(row_of(job.picture->logits(), 0), classifier.scores());
      return LabelsResult{app::best_labels(scores, classifier.labels(), most(task.top))};
    }
    app::LabelSet set{.labels = task.labels};
    if (!task.templates.empty()) set.templates = task.templates;
    auto labels = app::zero_shot_labels(embedder().model().label_similarity(), embedding(),
                                        set.labels, *vectors(set), most(task.top));
    return LabelsResult{std::move(labels.front())};
  }

  PictureTaskValue operator()(const TagTask& task) const {
    const bool everyday = task.tags.empty();
    const app::LabelSet tags{.labels = everyday ? app::everyday_tags() : task.tags};
    const app::LabelSet background{.labels = app::TaggerOptions{}.background};
    auto fitting = app::fitting_tags(
        embedding(), tags.labels, *vectors(tags, everyday ? options.kept_labels : ""),
        *vectors(background), {.top = most(task.top), .margin = task.margin});
    return LabelsResult{std::move(fitting.front())};
  }

  PictureTaskValue operator()(const ExplainTask& task) const {
    const app::Tokens tokens = embedder().tokens(std::span(&task.text, 1)).front();
    return app::explanation_of(
        embedder().model().tokenizer(), task.text,
        embedder().grad_cam(job.picture->image(), tokens, task.options, context));
  }
};

void require_some(std::size_t count, const char* what) {
  if (count == 0) throw Error(ErrorCode::invalid_argument, std::string("no ") + what);
}

void require_few(std::size_t count, const char* what) {
  if (count <= kMostTexts) return;
  throw Error(ErrorCode::limit_exceeded, std::to_string(count) + " " + what + ", but at most " +
                                             std::to_string(kMostTexts) + " are allowed");
}

// The photo in at most kPaintedSide pixels a side.
Image small_photo(const PictureBytes& picture, const app::PictureOptions& options) {
  ImageOptions reading;
  reading.apply_exif_orientation = options.exif_rotation;
  reading.max_pixels = options.max_pixels;
  reading.blend_transparency = options.blend_transparency;
  reading.background = options.background;
  reading.shrink_to = kPaintedSide;
  Image photo = Image::decode(std::as_bytes(std::span(picture.bytes)), reading, picture.name);
  const int longer = std::max(photo.width(), photo.height());
  if (longer <= kPaintedSide) return photo;
  const double scale = static_cast<double>(kPaintedSide) / longer;
  const auto side = [scale](int pixels) {
    return std::max(1, static_cast<int>(std::lround(pixels * scale)));
  };
  return photo.resized(side(photo.width()), side(photo.height()));
}

}  // namespace

PictureTaskValue do_picture_task(const Job& job, const ModelParts& parts, const CatalogModel& model,
                                 const EngineOptions& options, Context& context,
                                 const app::Pause& pause) {
  return std::visit(Tools{job, parts, model, options, context, pause}, job.task.input);
}

bool is_short(const TaskInput& input) {
  if (const auto* match = std::get_if<MatchTask>(&input)) return match->texts.size() <= kFewTexts;
  if (const auto* embed = std::get_if<EmbedTextsTask>(&input)) {
    return embed->texts.size() <= kFewTexts;
  }
  if (const auto* classify = std::get_if<ClassifyTask>(&input)) return classify->labels.empty();
  return std::holds_alternative<EmbedImageTask>(input);
}

app::Explanation explain_caption(const Job& job, const std::string& caption,
                                 const std::vector<TokenId>& ids, const CaptionerPart& part,
                                 Context& context) {
  const auto& task = std::get<ExplainTask>(job.task.input);
  return app::explanation_of(
      *part.tokenizer, caption,
      part.model.grad_cam(job.picture->image(), ids, 1, task.options, context));
}

ExplainResult painted(const PictureBytes& picture, const app::PictureOptions& options,
                      const app::Explanation& explanation) {
  const Image photo = small_photo(picture, options);
  const std::vector<std::byte> png = image::png_bytes(image::heat_map_over(
      photo, explanation.mean.values(), static_cast<int>(explanation.mean.shape[0]),
      static_cast<int>(explanation.mean.shape[1])));
  return {.text = explanation.text,
          .words = explanation.words,
          .maps = explanation.maps,
          .overlay_png = {reinterpret_cast<const char*>(png.data()), png.size()}};
}

void require_sound(const TaskInput& input) {
  if (const auto* match = std::get_if<MatchTask>(&input)) {
    require_some(match->texts.size(), "texts to match");
    require_few(match->texts.size(), "texts");
  } else if (const auto* embed = std::get_if<EmbedTextsTask>(&input)) {
    require_some(embed->texts.size(), "texts to embed");
    require_few(embed->texts.size(), "texts");
  } else if (const auto* classify = std::get_if<ClassifyTask>(&input)) {
    require_few(classify->labels.size() * std::max<std::size_t>(classify->templates.size(), 1),
                "labels and templates");
    for (const std::string& pattern : classify->templates) {
      static_cast<void>(app::filled_template(pattern, ""));
    }
  } else if (const auto* tag = std::get_if<TagTask>(&input)) {
    require_few(tag->tags.size(), "tags");
  } else if (const auto* answer = std::get_if<AnswerTask>(&input)) {
    require_few(answer->answers.size(), "answers");
  }
}

}  // namespace blip::serve
