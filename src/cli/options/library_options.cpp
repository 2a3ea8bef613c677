#include "cli/options/library_options.hpp"

#include <system_error>

#include "app/library/index_plan.hpp"
#include "core/user_cache.hpp"

namespace blip::cli {
namespace {

std::string name_or_path(const std::string& name) {
  std::error_code ignored;
  return std::filesystem::exists(name, ignored) ? app::indexed_path(name) : name;
}

}  // namespace

void declare_index(OptionParser& app, std::string& file) {
  app.add_option("--index", file, "The index [~/.local/share/blip/library.db]")
      ->type_name("FILE")
      ->group("Index");
}

std::filesystem::path index_file(const std::string& file) {
  if (!file.empty()) return file;
  const std::filesystem::path directory = user_data_directory();
  if (directory.empty()) throw UsageError("there is no home directory; name a file with --index");
  return directory / "library.db";
}

std::string indexed_name(const ModelOptions& model) {
  std::string name = name_or_path(model.name);
  if (!model.adapter.empty()) name += " --adapter " + name_or_path(model.adapter);
  if (!model.processor.empty()) name += " --processor " + name_or_path(model.processor);
  if (model.image_size) name += " --image-size " + std::to_string(*model.image_size);
  return name;
}

}  // namespace blip::cli
