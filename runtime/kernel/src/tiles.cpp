// The tiles of one fetch, checked and laid side by side.
#include "tiles.hpp"

#include <algorithm>
#include <cstring>

#include "copies.hpp"

namespace tilewright {

Tiles::~Tiles() {
    for (PyObject* object : objects_) Py_DECREF(object);
}

bool Tiles::take(PyObject* records, Part part) {
    part.first = records_.size();
    if (!take(records)) return false;
    place(part);
    return true;
}

void Tiles::take(const std::vector<Bytes>& records, Part part) {
    part.first = records_.size();
    records_.insert(records_.end(), records.begin(), records.end());
    place(part);
}

// Note the records that were taken last.
void Tiles::place(Part part) {
    part.end = records_.size();
    parts_.push_back(part);
    // The parts of a level follow one another, so its tiles are in order across them too.
    if (!levels_.empty() && levels_.back().size_ms == part.size_ms) {
        levels_.back().end = part.end;
    } else {
        levels_.push_back({part.size_ms, part.first, part.end});
    }
}

bool Tiles::take(PyObject* records) {
    if (nanobind::isinstance<Records>(records)) {
        const auto& own = nanobind::cast<const Records&>(nanobind::handle(records));
        objects_.push_back(Py_NewRef(records));
        records_.insert(records_.end(), own.all().begin(), own.all().end());
        bytes_ += own.bytes();
        return true;
    }
    if (!PyList_Check(records)) return false;
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(records); ++i) {
        PyObject* record = PyList_GET_ITEM(records, i);
        if (!PyBytes_Check(record)) return false;
        objects_.push_back(Py_NewRef(record));
        const auto size = static_cast<size_t>(PyBytes_GET_SIZE(record));
        records_.push_back({reinterpret_cast<const uint8_t*>(PyBytes_AS_STRING(record)), size});
        bytes_ += size;
    }
    return true;
}

bool Tiles::load() {
    // A row of zeros is last, so that views of the words end inside as those of numpy do.
    words_.assign((records_.size() + 1) * layout_.words, 0);
    starts_.resize(records_.size());
    for (const Part& part : parts_) {
        if (!load(part)) return false;
    }
    return true;
}

bool Tiles::load(const Part& part) {
    int64_t earliest_ms = part.start_ms;
    for (size_t i = part.first; i < part.end; ++i) {
        const bool is_known = i - part.first < part.sound;
        if (!is_known && !is_sound(layout_, records_[i], part.identity)) return false;
        if (records_[i].size < layout_.words * sizeof(int64_t)) return false;
        int64_t* row = words_.data() + i * layout_.words;
        std::memcpy(row, records_[i].at, layout_.words * sizeof(int64_t));
        const int64_t start_ms = row[kStart];
        if (start_ms < earliest_ms || start_ms >= part.end_ms) return false;
        earliest_ms = start_ms + 1;
        starts_[i] = start_ms;
        approximate_ += (row[kStamp] & kApproximate) != 0;
    }
    return true;
}

bool Tiles::gather(const Runs& runs, const std::vector<size_t>& fields,
                   std::vector<std::vector<Bytes>>& gathered) {
    const std::scoped_lock held(splitting_);
    gathered.resize(fields.size());
    for (const Run& run : runs) {
        for (size_t i = run.begin; i < run.end; ++i) {
            const Bytes* const own = this->fields(i);
            if (own == nullptr) return false;
            for (size_t k = 0; k < fields.size(); ++k) {
                const Bytes field = own[fields[k]];
                if (field.at != nullptr) gathered[k].push_back(field);
            }
        }
    }
    return true;
}

const Bytes* Tiles::fields(size_t index) {
    fields_.resize(records_.size() * layout_.variable);
    is_split_.resize(records_.size());
    Bytes* const own = fields_.data() + index * layout_.variable;
    if (!is_split_[index] && !split_fields(layout_, records_[index], plain_, own)) return nullptr;
    is_split_[index] = true;
    return own;
}

const Level* Tiles::level(int64_t size_ms) const {
    for (const Level& level : levels_) {
        if (level.size_ms == size_ms) return &level;
    }
    return nullptr;
}

void Tiles::find(int64_t size_ms, int64_t start_ms, int64_t end_ms, Runs& runs) const {
    const Level* own = level(size_ms);
    if (own == nullptr) return;
    const auto first = starts_.begin() + static_cast<ptrdiff_t>(own->first);
    const auto last = starts_.begin() + static_cast<ptrdiff_t>(own->end);
    const auto begin = std::lower_bound(first, last, start_ms);
    const auto end = std::lower_bound(begin, last, end_ms);
    if (begin == end) return;
    runs.push_back({static_cast<size_t>(begin - starts_.begin()),
                    static_cast<size_t>(end - starts_.begin())});
}

int64_t Tiles::head_level(const std::vector<int64_t>& ladder_ms, int64_t at_ms) const {
    for (const int64_t size_ms : ladder_ms) {
        const Level* own = level(size_ms);
        if (own == nullptr || own->end == own->first) return size_ms;
        const size_t newest = own->end - 1;
        if (starts_[newest] + size_ms < at_ms) return size_ms;
        if (rows().row(newest)[kNewest] < at_ms) return size_ms;
    }
    return 0;
}

}  // namespace tilewright
