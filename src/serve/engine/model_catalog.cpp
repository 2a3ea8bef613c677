#include "serve/engine/model_catalog.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "app/models/model_report.hpp"
#include "architectures/blip/architectures.hpp"
#include "architectures/registry.hpp"
#include "blip/error.hpp"
#include "checkpoint/checkpoint.hpp"
#include "checkpoint/model_directory.hpp"
#include "checkpoint/model_source.hpp"
#include "core/in_quotes.hpp"
#include "serve/engine/model_digest.hpp"
#include "serve/engine/model_name.hpp"

namespace blip::serve {
namespace {

bool has_task(const Architecture& architecture, blip::Task task) {
  return std::ranges::find(architecture.tasks, task) != architecture.tasks.end();
}

// The classes that a checkpoint can be loaded as: its own, and those whose tensors it has as well.
std::vector<const Architecture*> classes_of(const ModelFamily& family,
                                            const std::filesystem::path& model) {
  const Architecture& own = family.architecture_of(model);
  std::vector<const Architecture*> classes = {&own};
  if (!own.marker_suffices) return classes;
  const Checkpoint checkpoint = Checkpoint::open(model);
  for (const Architecture* other : family.architectures) {
    if (other == &own || !other->marker_suffices) continue;
    if (checkpoint.find(other->marker) != nullptr) classes.push_back(other);
  }
  return classes;
}

void add_part(std::vector<Part>& parts, Part part) {
  if (std::ranges::find(parts, part) == parts.end()) parts.push_back(part);
}

void add_class(CatalogModel& model, const Architecture& architecture) {
  const auto can = [&](blip::Task task) { return has_task(architecture, task); };
  if (can(blip::Task::caption)) add_part(model.parts, Part::captioner);
  if (can(blip::Task::answer)) add_part(model.parts, Part::answerer);
  if (can(blip::Task::match) || can(blip::Task::embed)) add_part(model.parts, Part::embedder);
  if (can(blip::Task::classify)) add_part(model.parts, Part::classifier);
  model.compares_texts |= can(blip::Task::match);
  model.has_matching_head |= std::string_view(architecture.name) == kBlipForImageTextRetrieval.name;
}

std::vector<TaskKind> kinds_of(const CatalogModel& model) {
  const auto has = [&](Part part) {
    return std::ranges::find(model.parts, part) != model.parts.end();
  };
  std::vector<TaskKind> kinds;
  if (has(Part::captioner)) kinds.push_back(TaskKind::caption);
  if (has(Part::answerer)) kinds.push_back(TaskKind::answer);
  if (model.compares_texts) kinds.push_back(TaskKind::match);
  if (has(Part::embedder)) kinds.push_back(TaskKind::embed);
  if (has(Part::classifier) || model.compares_texts) kinds.push_back(TaskKind::classify);
  if (model.compares_texts) kinds.push_back(TaskKind::tag);
  if (has(Part::captioner) || model.has_matching_head) kinds.push_back(TaskKind::explain);
  return kinds;
}

std::string weight_type_name(WeightType asked, const app::ModelReport& report) {
  switch (asked) {
    case WeightType::f32:
      return "float32";
    case WeightType::f16:
      return "float16";
    case WeightType::bf16:
      return "bfloat16";
    case WeightType::i8:
      return "int8";
    case WeightType::stored:
      break;
  }
  std::map<std::string, std::int64_t> elements;
  for (const auto& tensor : report.tensors) elements[tensor.dtype] += tensor.elements;
  const auto most =
      std::ranges::max_element(elements, {}, [](const auto& entry) { return entry.second; });
  if (most == elements.end()) return "";
  const std::map<std::string_view, const char*> names = {
      {"F32", "float32"}, {"F16", "float16"}, {"BF16", "bfloat16"}, {"I8", "int8"}};
  const auto name = names.find(most->first);
  return name == names.end() ? most->first : name->second;
}

// The first field of that name in any part of the configuration; 0: there is none.
int config_field(const ModelDescription& description, std::string_view name) {
  for (const ConfigPart& part : description.parts) {
    for (const auto& [field, value] : part.fields) {
      if (field == name) return static_cast<int>(value);
    }
  }
  return 0;
}

CatalogModel open_catalog_model(const ServedModel& served, std::int64_t max_pixels,
                                std::shared_ptr<SharedWeights> shared) {
  CatalogModel model{
      .status = {}, .options = served.options, .parts = {}, .preload = served.preload};
  const ModelSource source =
      resolve_source(served.options.model.native(), served.options.adapter.native());
  model.options.shared = std::move(shared);
  model.options.model = resolve_model(served.options.model.native());
  model.options.pictures.max_pixels = std::min(model.options.pictures.max_pixels, max_pixels);
  const app::ModelReport report = app::inspect_model(source);
  if (!report.problems.empty()) {
    throw Error(ErrorCode::unsupported,
                source.model.string() + ": cannot be served: " + report.problems.front());
  }
  const ModelFamily& family = family_of(source.model);
  for (const Architecture* each : classes_of(family, source.model)) add_class(model, *each);

  ModelStatus& status = model.status;
  status.name = served.name;
  if (status.name.empty()) status.name = source.model.filename().string();
  status.architecture = family.architecture_of(source.model).name;
  if (model.parts.empty()) {
    throw Error(
        ErrorCode::unsupported,
        status.name + ": there is no task that the server could do with a " + status.architecture);
  }
  status.weight_type = weight_type_name(served.options.weight_type, report);
  status.tasks = kinds_of(model);
  status.aliases = served.aliases;
  status.parameters = static_cast<std::uint64_t>(report.parameters);
  if (family.open_tokenizer != nullptr) {
    status.max_tokens = config_field(report.description, "max_position_embeddings");
  }
  const Checkpoint checkpoint = Checkpoint::open(source.model);
  describe_weights(checkpoint.files(), status);
  return model;
}

std::string_view deed(TaskKind kind) {
  switch (kind) {
    case TaskKind::caption:
      return "caption pictures";
    case TaskKind::answer:
      return "answer questions";
    case TaskKind::match:
      return "match pictures with texts";
    case TaskKind::embed:
      return "embed that";
    case TaskKind::classify:
      return "classify pictures so";
    case TaskKind::tag:
      return "tag pictures";
    case TaskKind::explain:
      return "explain that";
  }
  return {};
}

// Which part does a task, and what the model has to have besides.
struct Need {
  Part part{};
  bool texts = false;
  bool matching_head = false;

  [[nodiscard]] bool met_by(const CatalogModel& model) const {
    return std::ranges::find(model.parts, part) != model.parts.end() &&
           (!texts || model.compares_texts) && (!matching_head || model.has_matching_head);
  }
};

// The best first: what embeds pictures alone is asked only where nothing else can.
std::vector<Need> needs_of(const TaskInput& input) {
  switch (kind_of(input)) {
    case TaskKind::caption:
      return {{.part = Part::captioner}};
    case TaskKind::answer:
      return {{.part = Part::answerer}};
    case TaskKind::match:
    case TaskKind::tag:
      return {{.part = Part::embedder, .texts = true}};
    case TaskKind::embed:
      return {{.part = Part::embedder, .texts = true}, {.part = Part::embedder}};
    case TaskKind::classify:
      if (std::get<ClassifyTask>(input).labels.empty()) return {{.part = Part::classifier}};
      return {{.part = Part::embedder, .texts = true}};
    case TaskKind::explain:
      if (std::get<ExplainTask>(input).text.empty()) return {{.part = Part::captioner}};
      return {{.part = Part::embedder, .matching_head = true}};
  }
  return {};
}

bool is_called(const CatalogModel& model, const std::string& plain_name) {
  return plain_model_name(model.status.name) == plain_name ||
         std::ranges::any_of(model.status.aliases, [&](const std::string& alias) {
           return plain_model_name(alias) == plain_name;
         });
}

}  // namespace

ModelCatalog::ModelCatalog(const EngineOptions& options) {
  const std::shared_ptr<SharedWeights> shared = make_shared_weights();
  std::set<std::string> names;
  for (const ServedModel& served : options.models) {
    models_.push_back(open_catalog_model(served, options.max_pixels, shared));
    const std::string& name = models_.back().status.name;
    if (!names.insert(plain_model_name(name)).second) {
      throw Error(ErrorCode::invalid_argument, "two models are called " + in_quotes(name));
    }
  }
}

std::variant<ModelCatalog::Choice, TaskFailure> ModelCatalog::choose(const Task& task) const {
  const std::string name = plain_model_name(task.model);
  const auto is_candidate = [&](const CatalogModel& model) {
    return task.model.empty() || is_called(model, name);
  };
  for (const Need& need : needs_of(task.input)) {
    for (std::size_t i = 0; i < models_.size(); ++i) {
      if (is_candidate(models_[i]) && need.met_by(models_[i])) return Choice{i, need.part};
    }
  }
  const std::string does(deed(kind_of(task.input)));
  if (task.model.empty()) {
    return TaskFailure{FailureKind::not_supported, "no model here can " + does};
  }
  if (std::ranges::none_of(models_, is_candidate)) {
    return TaskFailure{FailureKind::model_not_found,
                       "model " + in_quotes(task.model) + " not found"};
  }
  return TaskFailure{FailureKind::not_supported,
                     "the model " + in_quotes(task.model) + " cannot " + does};
}

}  // namespace blip::serve
