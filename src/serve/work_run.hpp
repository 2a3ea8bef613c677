// WorkRun: one request's tasks, from their submission to the response.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "serve/dialects/dialect.hpp"
#include "serve/engine/engine.hpp"
#include "serve/http/exchange.hpp"

namespace blip::serve {

class WorkerPool;
struct PictureSource;

/// How a run ended, for logs and metrics.
struct WorkReport {
  int status = 0;  ///< 499: the client left
  std::string_view api = "server";
  std::string_view task;
  std::string model;
  std::chrono::nanoseconds queue_time{};
  std::size_t images = 0;
};

/// What runs share. All of it outlives them.
struct WorkContext {
  Engine& engine;
  const PictureSource& pictures;
  WorkerPool& planning;  ///< makes responses
  WorkerPool& fetching;  ///< waits for pictures
  WorkerPool& looking;   ///< waits for files of a photo library
};

class WorkRun : public std::enable_shared_from_this<WorkRun> {
 public:
  using Decorate = std::function<void(HttpHeaders& headers)>;
  using Done = std::function<void(const WorkReport& report)>;

  /// `decorate` adds headers to the response; `done` is called once, on the server's thread or one
  /// of the planning threads.
  WorkRun(const WorkContext& context, Exchange exchange, Decorate decorate, Done done);

  /// Answers without any task.
  void respond(HttpResponse response, std::string_view api = "server");
  /// `api`: the dialect's name, which outlives the run.
  void start(Work work, std::string_view api);
  /// False if too many wait already; the run is then still to be answered.
  [[nodiscard]] bool look_up(Lookup lookup, std::string_view api);
  /// The client has left: the tasks are forgotten.
  void cancel();
  /// The server stops: the tasks are forgotten, and the client is told so.
  void abandon();

 private:
  void submit(std::size_t index);
  /// Of tasks with the same picture.
  void resolve_and_submit(const std::vector<std::size_t>& tasks);
  void take_outcome(std::size_t index, TaskOutcome outcome);
  void finish();
  void cancel_tasks();
  void report(int status);
  HttpResponse response_to_outcomes();
  HttpResponse end_of_stream(bool begun);

  WorkContext context_;
  Exchange exchange_;
  Decorate decorate_;
  Done done_;

  std::mutex mutex_;
  Work work_;
  WorkReport report_;
  std::vector<std::optional<TaskId>> ids_;
  std::vector<std::optional<TaskOutcome>> received_;
  std::vector<TaskOutcome> outcomes_;  // complete and constant once it is finished
  std::size_t missing_ = 0;
  bool ended_ = false;  // finished, cancelled or abandoned
};

}  // namespace blip::serve
