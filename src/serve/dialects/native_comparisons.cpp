// The native API: pictures compared with texts, labels and each other.
#include <algorithm>
#include <numeric>
#include <span>
#include <string>
#include <utility>

#include "blip/error.hpp"
#include "serve/dialects/json_numbers.hpp"
#include "serve/dialects/native_work.hpp"
#include "serve/dialects/refusal.hpp"

namespace blip::serve {
namespace {

NativeJson native_itm(const MatchResult::Match& match) {
  return match.itm ? json_number(*match.itm) : NativeJson(nullptr);
}

/// The best first: by the matching head if there is one.
NativeJson ranking_of(std::span<const MatchResult::Match> matches,
                      std::span<const std::string> texts) {
  const auto score = [&](std::size_t i) { return matches[i].itm.value_or(matches[i].itc); };
  std::vector<std::size_t> order(matches.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return score(a) > score(b); });
  NativeJson ranking = NativeJson::array();
  for (const std::size_t i : order) {
    NativeJson entry = {{"index", i}};
    if (!texts.empty()) entry["text"] = texts[i];
    entry["itm"] = native_itm(matches[i]);
    entry["itc"] = json_number(matches[i].itc);
    entry["score"] = json_number(score(i));
    ranking.push_back(std::move(entry));
  }
  return ranking;
}

NativeAnswer labels_answer(const char* key) {
  return [key](TaskOutcomes outcomes) {
    NativeJson body = native_answer_of(outcomes);
    body[key] = NativeJson::array();
    for (const auto& label : result_of<LabelsResult>(outcomes.front()).labels) {
      body[key].push_back({{"label", label.label}, {"score", json_number(label.score)}});
    }
    return body;
  };
}

}  // namespace

Plan native_match(const HttpRequest& http, const ServerView& server) {
  NativeWork work{.http = &http, .server = &server};
  const auto texts = work.texts("text", "texts");
  std::vector<Task> tasks{work.task(MatchTask{.picture = work.only_picture(), .texts = texts})};
  return native_work(std::move(tasks), [texts](TaskOutcomes outcomes) {
    NativeJson body = native_answer_of(outcomes);
    body["matches"] = NativeJson::array();
    const auto& matches = result_of<MatchResult>(outcomes.front()).matches;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      body["matches"].push_back({{"text", texts[i]},
                                 {"itm", native_itm(matches[i])},
                                 {"itc", json_number(matches[i].itc)}});
    }
    return body;
  });
}

Plan native_embed(const HttpRequest& http, const ServerView& server) {
  NativeWork work{.http = &http, .server = &server};
  const auto texts = work.texts("text", "texts", false);
  std::vector<Task> tasks;
  for (auto& picture : work.request.pictures) {
    tasks.push_back(work.task(EmbedImageTask{.picture = std::move(picture)}));
  }
  if (!texts.empty()) tasks.push_back(work.task(EmbedTextsTask{.texts = texts}));
  if (tasks.empty()) {
    throw Error(ErrorCode::invalid_argument, "request: image, images, text or texts is needed");
  }
  return native_work(std::move(tasks), [num_texts = texts.size()](TaskOutcomes outcomes) {
    NativeJson body = native_answer_of(outcomes);
    body["size"] = result_of<EmbeddingResult>(outcomes.front()).embeddings.shape.back();
    body["images"] = NativeJson::array();
    body["texts"] = NativeJson::array();
    const std::size_t num_images = outcomes.size() - (num_texts > 0 ? 1 : 0);
    for (std::size_t i = 0; i < num_images; ++i) {
      const auto& result = result_of<EmbeddingResult>(outcomes[i]);
      body["images"].push_back(json_numbers(row_of(result.embeddings, 0)));
    }
    for (std::size_t i = 0; i < num_texts; ++i) {
      const auto& result = result_of<EmbeddingResult>(outcomes.back());
      body["texts"].push_back(json_numbers(row_of(result.embeddings, i)));
    }
    return body;
  });
}

Plan native_rank(const HttpRequest& http, const ServerView& server) {
  NativeWork work{.http = &http, .server = &server};
  const auto texts = work.list("texts");
  if (!texts.empty()) {  // by one picture
    std::vector<Task> tasks{work.task(MatchTask{.picture = work.only_picture(), .texts = texts})};
    return native_work(std::move(tasks), [texts](TaskOutcomes outcomes) {
      NativeJson body = native_answer_of(outcomes);
      body["ranking"] = ranking_of(result_of<MatchResult>(outcomes.front()).matches, texts);
      return body;
    });
  }
  const auto text = work.texts("text", "texts");
  if (work.request.pictures.empty()) {
    throw Error(ErrorCode::invalid_argument, "request: image or images is needed");
  }
  std::vector<Task> tasks;
  for (auto& picture : work.request.pictures) {
    tasks.push_back(work.task(MatchTask{.picture = std::move(picture), .texts = text}));
  }
  return native_work(std::move(tasks), [](TaskOutcomes outcomes) {
    std::vector<MatchResult::Match> matches;
    for (const auto& outcome : outcomes) {
      matches.push_back(result_of<MatchResult>(outcome).matches.front());
    }
    NativeJson body = native_answer_of(outcomes);
    body["ranking"] = ranking_of(matches, {});
    return body;
  });
}

Plan native_classify(const HttpRequest& http, const ServerView& server) {
  NativeWork work{.http = &http, .server = &server};
  return native_work({work.task(ClassifyTask{.picture = work.only_picture(),
                                             .labels = work.list("labels"),
                                             .templates = work.list("templates"),
                                             .top = work.top(5)})},
                     labels_answer("labels"));
}

Plan native_tag(const HttpRequest& http, const ServerView& server) {
  NativeWork work{.http = &http, .server = &server};
  const auto margin = work.fields.number("margin", {-2, 2});
  return native_work({work.task(TagTask{.picture = work.only_picture(),
                                        .tags = work.list("tags"),
                                        .top = work.top(10),
                                        .margin = static_cast<float>(margin.value_or(0))})},
                     labels_answer("tags"));
}

}  // namespace blip::serve
