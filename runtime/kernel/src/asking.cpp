// Features of sketches, from the fields of tiles to the values of features.
#include <Python.h>

#include "parts.hpp"
#include "program.hpp"
#include "unlocked.hpp"

namespace nb = nanobind;

namespace tilewright {

namespace {

nb::object quantiles_of(const SketchAnswer& answer) {
    if (!answer.is_there) return nb::none();
    nb::list values;
    for (const double value : answer.quantiles) values.append(value);
    return values;
}

nb::object frequent_of(const SketchAnswer& answer) {
    if (!answer.is_there) return nb::none();
    nb::list values;
    for (const auto& [item, count] : answer.frequent) {
        nb::dict one;
        one["item"] = nb::str(item.data(), item.size());
        one["count"] = count;
        values.append(one);
    }
    return values;
}

}  // namespace

void Program::add_sketch(const std::string& name, const std::string& form_name, size_t field,
                         std::vector<double> numbers, nb::object finish) {
    if (windows_.empty() || field >= windows_.back().fields.size()) {
        throw nb::value_error("the window has no such field");
    }
    SketchForm form;
    if (!form_of(form_name, &form)) throw nb::value_error("there is no such form of sketches");
    SketchQuestion question{form, {}};
    if (form == SketchForm::kDistinct || form == SketchForm::kFrequent) {
        if (numbers.size() != 1 || numbers[0] < 0) throw nb::value_error("a sketch has one size");
        question.size = static_cast<size_t>(numbers[0]);
    } else {
        question.ranks = std::move(numbers);
    }
    windows_.back().sketches.push_back(
        {nb::str(name.data(), name.size()), std::move(question), field, std::move(finish)});
    asks_ = true;
}

bool Program::ask_all(Tiles& tiles, const Covers& covers, const Middles& middles,
                      std::vector<SketchAnswer>& answers) const {
    Runs runs;
    for (size_t i = 0; i < windows_.size(); ++i) {
        const Window& window = windows_[i];
        if (window.sketches.empty()) continue;
        std::vector<std::vector<Bytes>> gathered(window.fields.size());
        for (size_t k = 0; i < middles.size() && k < middles[i].size(); ++k) {
            if (middles[i][k].at != nullptr) gathered[k].push_back(middles[i][k]);
        }
        find_runs(tiles, covers.all()[i], runs);
        if (!tiles.gather(runs, window.fields, gathered)) return false;
        for (const Asking& one : window.sketches) {
            if (!ask(one.question, gathered[one.field], &answers.emplace_back())) return false;
        }
    }
    return true;
}

bool Program::ask_sketches(const nb::object& tiles, const Covers& covers, nb::handle given,
                           const nb::dict& features, const nb::dict& errors) const {
    require_windows(covers);
    auto& own = nb::cast<Tiles&>(tiles);
    const Middles middles = middles_of(given);
    std::vector<SketchAnswer> answers;
    const bool is_known =
        unlocked(own.bytes(), [&] { return ask_all(own, covers, middles, answers); });
    if (is_known) put_answers(answers, features.ptr(), errors.ptr());
    return is_known;
}

// Read the middles of windows: for each a tuple of a part or None for each field, or None.
Program::Middles Program::middles_of(nb::handle given) const {
    Middles middles;
    if (given.is_none()) return middles;
    for (const nb::handle own : nb::cast<nb::list>(given)) {
        const Window& window = windows_.at(middles.size());
        std::vector<Bytes>& parts = middles.emplace_back();
        if (own.is_none()) continue;
        for (const nb::handle part : nb::cast<nb::tuple>(own)) {
            parts.push_back(part.is_none() ? Bytes{} : bytes_of(part));
        }
        if (parts.size() != window.fields.size()) {
            throw nb::value_error("a middle has more or fewer fields than its window");
        }
    }
    return middles;
}

void Program::put_answers(const std::vector<SketchAnswer>& answers, PyObject* features,
                          PyObject* errors) const {
    size_t next = 0;
    for (const Window& window : windows_) {
        for (const Asking& one : window.sketches) {
            const SketchAnswer& answer = answers[next++];
            const nb::object value = answered(one, answer);
            if (PyDict_SetItem(features, one.name.ptr(), value.ptr())) throw nb::python_error();
            if (answer.error == 0) continue;
            const nb::int_ error(answer.error);
            if (PyDict_SetItem(errors, one.name.ptr(), error.ptr())) throw nb::python_error();
        }
    }
}

nb::object Program::answered(const Asking& asked, const SketchAnswer& answer) {
    switch (asked.question.form) {
        case SketchForm::kDistinct:
            if (!answer.is_there) return nb::int_(0);
            return asked.finish(nb::bytes(answer.distinct.data(), answer.distinct.size()));
        case SketchForm::kFrequent:
            return frequent_of(answer);
        default:
            return quantiles_of(answer);
    }
}

}  // namespace tilewright
