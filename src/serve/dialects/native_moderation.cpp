// The native API: what the server's policy says of a picture and the text that comes with it.
#include <string>
#include <utility>
#include <vector>

#include "app/moderation/decision_json.hpp"
#include "app/moderation/rule_evidence.hpp"
#include "serve/dialects/native_work.hpp"
#include "serve/dialects/refusal.hpp"

namespace blip::serve {
namespace {

/// What the tasks of a moderation came to, in the order in which `tasks_of` made them.
app::ModelFindings findings_of(const app::PolicyQuestions& asked, TaskOutcomes outcomes) {
  app::ModelFindings findings;
  if (!asked.phrases.empty()) {
    for (const auto& match : result_of<MatchResult>(outcomes.front()).matches) {
      findings.cosines.push_back(match.itc);
    }
    outcomes = outcomes.subspan(1);
  }
  for (std::size_t i = 0; i < asked.questions.size(); ++i) {
    auto& answers = findings.answers.emplace_back();
    for (const auto& text : result_of<TextResult>(outcomes[i]).texts) {
      answers.push_back({.answer = text.text, .log_probability = text.score.log_probability});
    }
  }
  if (asked.caption) {
    findings.caption = result_of<TextResult>(outcomes.back()).texts.front().text;
  }
  return findings;
}

std::vector<Task> tasks_of(const app::AskingPolicy& asking, const Picture& picture,
                           const std::string& client) {
  const auto& [policy, asked] = asking;
  std::vector<Task> tasks;
  const auto add = [&](const std::string& model, TaskInput input) {
    tasks.push_back({.model = model, .input = std::move(input), .client = client});
  };
  if (!asked.phrases.empty()) {
    add(policy.texts_model,
        MatchTask{.picture = picture, .texts = asked.phrases, .cosines_only = true});
  }
  for (const std::string& question : asked.questions) {
    add(policy.question_model, AnswerTask{.picture = picture,
                                          .question = question,
                                          .answers = asked.answers,
                                          .top = asked.answers.size(),
                                          .rank_k = static_cast<int>(asked.answers.size())});
  }
  if (asked.caption) add(policy.caption_model, CaptionTask{.picture = picture});
  return tasks;
}

}  // namespace

Plan native_moderate(const HttpRequest& http, const ServerView& server) {
  if (!server.policy) {
    throw Refusal(FailureKind::not_supported, "this server has no policy (--policy)");
  }
  NativeWork work{.http = &http, .server = &server};
  const auto text = work.fields.string("text");
  std::vector<Task> tasks = tasks_of(*server.policy, work.only_picture(), http.client);
  return native_work(std::move(tasks), [asking = server.policy, text](TaskOutcomes outcomes) {
    const auto& [policy, asked] = *asking;
    return app::decision_json(policy,
                              app::decision_of(policy, asked, findings_of(asked, outcomes), text));
  });
}

}  // namespace blip::serve
