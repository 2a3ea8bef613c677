#include "hub/file_lookup.hpp"

#include <utility>

#include "core/in_quotes.hpp"
#include "hub/model_id.hpp"

namespace blip::hub {
namespace {

struct Question {
  const HubSettings& settings;
  const std::string& repository;
  const std::string& revision;
  const std::string& file;

  [[nodiscard]] Url url() const {
    return Url::parse(settings.hub() + "/" + repository + "/resolve/" + percent_encoded(revision) +
                      "/" + percent_encoded(file));
  }
};

FileLookup failed(const Question& question, ErrorCode code, const std::string& problem) {
  return {.failure = Error(code, question.repository + ": " + problem)};
}

// As huggingface_hub's hf_raise_for_status tells them apart.
FileLookup refused(const Question& question, const HttpResponse& response) {
  const std::string_view code = response.header("x-error-code").value_or("");
  const std::string said = one_line(response.header("x-error-message").value_or(""));
  const std::string hub = question.settings.hub();
  const std::string status = std::to_string(response.status);
  if (code == "EntryNotFound") {
    const std::string_view commit = response.header("x-repo-commit").value_or("");
    return {.absent = true, .commit = is_commit(commit) ? std::string(commit) : ""};
  }
  if (code == "RevisionNotFound") {
    FileLookup lookup = failed(question, ErrorCode::not_found,
                               "has no revision " + in_quotes(question.revision) + " at " + hub);
    lookup.no_revision = true;
    return lookup;
  }
  if (code == "GatedRepo") {
    return failed(question, ErrorCode::network,
                  "gated: ask for access at " + hub + "/" + question.repository +
                      " and give a token that has it (HF_TOKEN, or `hf auth login`)");
  }
  constexpr std::string_view kBadToken = "Invalid credentials in Authorization header";
  if (response.status == 401 && said == kBadToken) {
    return failed(question, ErrorCode::network,
                  hub + " does not know the token (HF_TOKEN, or `hf auth login`)");
  }
  if (code == "RepoNotFound" || response.status == 401) {
    return failed(question, ErrorCode::not_found,
                  "no such model at " + hub +
                      ", or a private one that needs a token (HF_TOKEN, or `hf auth login`)");
  }
  FileLookup lookup = failed(
      question, ErrorCode::network,
      hub + " answers " + status + " for " + question.file + (said.empty() ? "" : ": " + said));
  lookup.temporary = response.temporary;
  lookup.retry_after = response.retry_after();
  return lookup;
}

FileLookup understood(const Question& question, const HttpResponse& response, Url location) {
  const auto commit = response.header("x-repo-commit");
  if (!commit || !is_commit(*commit)) {
    return failed(question, ErrorCode::network,
                  question.settings.hub() +
                      " does not answer as a hub does (no X-Repo-Commit for " + question.file +
                      "); is HF_ENDPOINT right, or a proxy in between?");
  }
  auto etag = response.header("x-linked-etag");
  if (!etag || etag->empty()) etag = response.header("etag");
  auto name = normalized_etag(etag.value_or(""));
  if (!name) {
    return failed(question, ErrorCode::malformed,
                  question.file + ": " + (etag ? "unusable ETag " + in_quotes(*etag) : "no ETag") +
                      " from " + question.settings.hub());
  }
  auto size = response.header("x-linked-size");
  if (!size && !response.is_redirect()) size = response.header("content-length");
  return {.found = FileMetadata{.commit = std::string(*commit),
                                .etag = std::move(*name),
                                .size = size ? parse_size(*size) : std::nullopt,
                                .location = std::move(location)},
          .commit = std::string(*commit)};
}

}  // namespace

FileLookup look_up(HttpSession& session, const HubSettings& settings, const std::string& repository,
                   const std::string& revision, const std::string& file,
                   const std::function<bool()>& keep_going) {
  const Question question{settings, repository, revision, file};
  HttpRequest request{.url = question.url(),
                      .head = true,
                      .token = settings.token,
                      .connect_time = settings.metadata_timeout,
                      .total_time = settings.metadata_timeout,
                      .keep_going = keep_going};
  for (int redirects = 0; redirects <= kMaxRedirects; ++redirects) {
    const HttpResponse response = session.perform(request);
    if (!keep_going()) throw Error(ErrorCode::cancelled, repository + ": download stopped");
    if (!response.failure.empty()) {
      FileLookup lookup =
          failed(question, ErrorCode::network, settings.hub() + ": " + response.failure);
      lookup.temporary = response.temporary;
      return lookup;
    }
    if (!response.is_redirect()) {
      if (response.status != 200) return refused(question, response);
      return understood(question, response, request.url);
    }
    try {
      Url target = request.url.follow(*response.header("location"));
      // What another host stores is described by this very answer, and is none of the token's.
      if (!settings.trusts(target)) return understood(question, response, std::move(target));
      request.url = std::move(target);
    } catch (const Error& error) {
      return failed(question, error.code(), error.what());
    }
  }
  return failed(question, ErrorCode::network,
                settings.hub() + " redirects more than " + std::to_string(kMaxRedirects) +
                    " times for " + file);
}

}  // namespace blip::hub
